//! Knowledge of base images, embedded at build time.
