//! What runs on a host for lock and fence: parts of a script, to be put behind a preamble.
//!
//! All changes of the lock's files happen under `flock` on a file beside them; deadlines are
//! told by the host's own `/proc/uptime` and boot id, never by a wall clock.

use crate::model::paths::Paths;
use crate::ssh::quote;

use super::{ABANDONED_S, Details, LEASE_S};

/// Takes the lock, or says who has it and asks again until `wait_s` seconds have passed.
///
/// Making the directory is the atomic test. A directory that is there is taken over, in
/// place, if its lease has ended, if it is of an earlier boot, or if it stayed unsigned. The
/// lease is written before the details: a lock without lease never ends, so a client that dies
/// in between must not leave one.
/// Ends the script if the lock is not ours.
pub fn acquire(paths: &Paths, run_id: &str, details: &Details, wait_s: u64) -> String {
    format!(
        "{shared}trap '' INT\n\
         take() {{ lease && printf '%s\\n' {details} >\"$L/details\"; }}\n\
         try() {{\n\
         if mkdir \"$L\" 2>/dev/null; then take && ev lock acquired && return 0; return 2; fi\n\
         o=$(cat -- \"$L/details\" 2>/dev/null | tr -d '\\n'); r=; b=; d=\n\
         if [ -r \"$L/lease\" ]; then read -r r b d <\"$L/lease\" || :; fi\n\
         up; left=never\n\
         if [ -n \"$d\" ]; then left=$((d-U)); [ \"$b\" = \"$B\" ] || left=0\n\
         elif [ -e \"$L/lease\" ]; then left=0\n\
         elif [ -z \"$o\" ] && [ -d \"$L\" ]; then left=$(( ({abandoned} - $(date +%s) + $(stat -c %Y -- \"$L\")) * 100 )); fi\n\
         if [ \"$left\" != never ] && [ $left -le 0 ] && [ -d \"$L\" ]; then take && ev lock taken \"$o\" && return 0; return 2; fi\n\
         return 1; }}\n\
         up; E=$((U+{wait})); said=; told=0\n\
         while :; do\n\
         exec 8>>\"$G\" && flock -w 10 8 || {{ ev lock held never; ev done; exit; }}\n\
         try; c=$?; exec 8>&-\n\
         [ $c != 0 ] || break\n\
         [ $c != 2 ] || {{ printf 'cannot write %s\\n' \"$L\" >&2; ev done; exit; }}\n\
         up; if [ $U -ge $E ]; then ev lock held \"$left\" \"$o\"; ev done; exit; fi\n\
         if [ \"$o\" != \"$said\" ] || [ $((U-told)) -gt 500 ]; then said=$o; told=$U\n\
         ev lock held \"$left\" \"$o\" || exit; fi\n\
         sleep 0.5\ndone\n",
        shared = shared(paths, run_id),
        details = quote(&details.encode()),
        abandoned = ABANDONED_S,
        wait = wait_s * 100,
    )
}

/// Takes a lock without lease, which stays until it is released by hand.
pub fn acquire_by_hand(paths: &Paths, details: &Details) -> String {
    format!(
        "{}exec 8>>\"$G\"; flock -w 10 8\n\
         if mkdir \"$L\" 2>/dev/null; then printf '%s\\n' {} >\"$L/details\" && ev lock acquired\n\
         else ev lock held never \"$(cat -- \"$L/details\" 2>/dev/null | tr -d '\\n')\"; fi\n",
        shared(paths, ""),
        quote(&details.encode())
    )
}

/// Renews the lease each time a line arrives on stdin, until the stream ends or the lease is
/// not ours any more. Says `ready` first: nothing may be sent before.
pub fn renew(paths: &Paths, run_id: &str) -> String {
    format!(
        "{}ev ready\nwhile read -r x; do\nexec 8>>\"$G\"; flock -w 5 8\n\
         r=; [ ! -r \"$L/lease\" ] || read -r r x <\"$L/lease\" || :\n\
         if [ \"$r\" = \"$R\" ]; then lease; ev lock renewed; else ev lock lost; exit; fi\n\
         exec 8>&-\ndone\n",
        shared(paths, run_id)
    )
}

/// Gives the lock back, if its lease is of this run.
pub fn release(paths: &Paths, run_id: &str) -> String {
    format!(
        "{}exec 8>>\"$G\"; flock -w 10 8\n\
         r=; [ ! -r \"$L/lease\" ] || read -r r x <\"$L/lease\" || :\n\
         if [ \"$r\" = \"$R\" ]; then\n\
         rm -f -- \"$L/details\"; rm -rf -- \"$L\"; ev lock released; else ev lock lost; fi\n",
        shared(paths, run_id)
    )
}

/// Takes the lock away from whoever has it, if it is still the one with these details.
pub fn release_by_hand(paths: &Paths, details: Option<&Details>) -> String {
    let expected = details.map(|d| d.encode().replace('\n', "")).unwrap_or_default();
    format!(
        "{}exec 8>>\"$G\"; flock -w 10 8\n\
         if [ ! -d \"$L\" ]; then ev lock free\n\
         else o=$(cat -- \"$L/details\" 2>/dev/null | tr -d '\\n')\n\
         if [ \"$o\" = {} ]; then rm -rf -- \"$L\"; ev lock released; else ev lock held never \"$o\"; fi; fi\n",
        shared(paths, ""),
        quote(&expected)
    )
}

/// Raises the host's fence to `number`: ends the script of an earlier run that still holds
/// it, waits for it (bounded), and writes the number. On the primary host, which is raised
/// first and under the lock, `or_more` takes the next free number instead of failing. Ends
/// the script on failure.
pub fn raise(paths: &Paths, number: u64, or_more: bool) -> String {
    let occupied = if or_more { "w=$((n+1))" } else { "ev larger \"$n\"; ev done; exit" };
    format!(
        "mkdir -p -- {dir}; exec 9>>{guard}\n\
         if ! flock -n 9; then p=; [ ! -r {group} ] || read -r p <{group}\n\
         [ -z \"$p\" ] || kill -s TERM -- \"-$p\" 2>/dev/null\n\
         if ! flock -w 15 9; then [ -z \"$p\" ] || kill -s KILL -- \"-$p\" 2>/dev/null\n\
         flock -w 5 9 || {{ ev fence busy; ev done; exit; }}; fi; fi\n\
         n=0; read -r n <{guard} || :\n\
         w={number}; if [ \"${{n:-0}}\" -ge $w ]; then {occupied}; fi\n\
         printf '%s\\n' $w >{guard}; ev raised $w; exec 9>&-\n",
        dir = quote(&format!("{}/windlass", paths.run())),
        guard = quote(&paths.guard()),
        group = quote(&paths.group()),
    )
}

/// Names and functions that all parts use: `$L` the lock, `$G` its guard, `$R` the run,
/// `$B` the boot, and `lease`, which writes a fresh deadline.
fn shared(paths: &Paths, run_id: &str) -> String {
    format!(
        "L={}; G={}; R={}\nmkdir -p -- {} {}\n\
         read -r B </proc/sys/kernel/random/boot_id\n\
         lease() {{ up; printf '%s %s %s\\n' \"$R\" \"$B\" $((U+{})) >\"$L/lease\"; }}\n",
        quote(&paths.lock()),
        quote(&paths.lock_guard()),
        quote(if run_id.is_empty() { "-" } else { run_id }),
        quote(&paths.locks()),
        quote(&format!("{}/windlass", paths.run())),
        LEASE_S * 100,
    )
}
