plugins { id("com.palantir.docker") version "0.36.0" }
