//! Pieces of Go templates, for `--format`.

/// Prints what a template computes, or fails: a template has no statement for that, but a
/// text that is indexed by a text ends `docker` with exit code 1, and its message shows both.
pub fn fail(message: &str) -> String {
    format!("{{{{index \"\" {}}}}}", string(message))
}

/// A string literal of Go.
pub fn string(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A container's state in one word: its health while it runs and has a check, else the
/// engine's status. A container that keeps dying is `crash-looping` from the third restart on;
/// before that it may still come up, as when a database is not there yet.
pub const STATE: &str = concat!(
    r#"{{$s := .State.Status}}{{$h := ""}}"#,
    "{{if .State.Health}}{{$h = .State.Health.Status}}{{end}}",
    r#"{{if ne $s "running"}}"#,
    r#"{{if and (eq $s "restarting") (ge .RestartCount 3)}}crash-looping{{else}}{{$s}}{{end}}"#,
    r#"{{else if or (eq $h "") (eq $h "none")}}running{{else}}{{$h}}{{end}}"#,
);

/// The address on the first network; of a container on the host's network, the host's own.
pub const ADDRESS: &str = concat!(
    r#"{{$a := ""}}{{range .NetworkSettings.Networks}}"#,
    "{{if not $a}}{{$a = .IPAddress}}{{end}}{{end}}",
    r#"{{if eq .HostConfig.NetworkMode "host"}}127.0.0.1{{else}}{{$a}}{{end}}"#,
);

/// The lowest TCP port that the container's image exposes. A template cannot compare numbers
/// written as texts, but of two such texts the shorter one is the smaller number.
pub const LOWEST_PORT: &str = concat!(
    r#"{{$m := ""}}{{range $k, $_ := .Config.ExposedPorts}}{{$p := split (print $k) "/"}}"#,
    r#"{{if eq (index $p 1) "tcp"}}{{$n := index $p 0}}"#,
    r#"{{if or (eq $m "") (lt (len $n) (len $m)) (and (eq (len $n) (len $m)) (lt $n $m))}}"#,
    "{{$m = $n}}{{end}}{{end}}{{end}}{{$m}}",
);

/// A container as one line of JSON: chosen fields, never its environment. `docker` tries a
/// template on its own structure first, where the id is `.ID`; on what the engine sent, where
/// it is `.Id`, a missing health check would be an error.
pub const CONTAINER: &str = concat!(
    r#"{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Config.Image}},"#,
    r#""image_id":{{json .Image}},"labels":{{json .Config.Labels}},"#,
    r#""status":{{json .State.Status}},"#,
    r#""health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}"none"{{end}},"#,
    r#""created_at":{{json .Created}},"#,
    r#""mounts":[{{range .Mounts}}[{{json .Source}},{{json .Destination}}],{{end}}null],"#,
    r#""addresses":[{{range $n, $e := .NetworkSettings.Networks}}"#,
    r#"[{{json $n}},{{json $e.IPAddress}}],{{end}}null]}"#,
);

/// An image as one line of JSON.
pub const IMAGE: &str =
    r#"{"id":{{json .ID}},"tags":{{json .RepoTags}},"created_at":{{json .Created}}}"#;

/// Fails unless the image has the label with this value. An image without any label has no
/// map to look into.
pub fn require_label(image: &str, label: &str, value: &str) -> String {
    let fail = fail(&format!("image {image} lacks the label {label}={value}"));
    format!(
        "{{{{if .Config.Labels}}}}{{{{if ne (printf \"%v\" (index .Config.Labels {})) {}}}}}{fail}\
         {{{{end}}}}{{{{else}}}}{fail}{{{{end}}}}",
        string(label),
        string(value),
    )
}
