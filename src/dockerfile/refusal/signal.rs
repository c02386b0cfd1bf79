//! Signal names that STOPSIGNAL takes (`github.com/moby/sys/signal`, Linux).

const NAMES: [&str; 37] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "EMT", "INFO", "LOST",
];

/// Whether a text is a signal, or may become one when variables are filled in.
pub(super) fn maybe(text: &str) -> bool {
    if text.contains(['$', '\'', '"', '\\', '`']) {
        return true;
    }
    if let Ok(number) = text.parse::<i64>() {
        return number != 0;
    }
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    NAMES.contains(&name)
        || ["RTMIN", "RTMAX"].iter().any(|real_time| {
            name.strip_prefix(real_time)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', '-']) && rest.len() > 1)
        })
}

#[cfg(test)]
mod tests {
    use super::maybe;

    #[test]
    fn knows_signals() {
        for fine in ["SIGTERM", "term", "9", "SIGRTMIN+3", "RTMAX-1", "$SIG", "-1"] {
            assert!(maybe(fine), "{fine}");
        }
        for bad in ["SIGTREM", "0", "", "SIG", "TERM 9", "RTMIN3"] {
            assert!(!maybe(bad), "{bad}");
        }
    }
}
