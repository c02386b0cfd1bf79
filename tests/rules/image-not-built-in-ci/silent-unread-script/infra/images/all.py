subprocess.run(["docker", "build", "."])
