//! How findings are shown: terminal, JSON, workflow annotations.
