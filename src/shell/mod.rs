//! RUN bodies as commands with byte spans into the file.
