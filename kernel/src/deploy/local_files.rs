//! Files on the user's machine that steps put on hosts. A plugin cannot read them: it names
//! one, and the kernel takes its content into the plan.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use serde::Deserialize;

use crate::config::erb::{self, World};
use crate::config::source::Source;
use crate::model::file_content::FileContent;
use crate::model::problem::Problem;
use crate::model::wit::{Part, Text};
use crate::plugin::LOCAL_FILE;

/// It travels inside a script.
const MAX_BYTES: u64 = 4 << 20;

/// Where files are, and what templates see.
#[derive(Clone, Default)]
pub struct LocalFiles {
    /// Relative paths begin here.
    pub directory: PathBuf,
    /// The environment after `.env` files.
    pub env: BTreeMap<String, String>,
}

/// The JSON of a part `local-file`.
#[derive(Deserialize)]
struct Named {
    path: String,
    /// The file is a template, which sees these variables beside the environment.
    erb: Option<BTreeMap<String, String>>,
}

/// The file that is the whole of a text, as JSON.
pub fn named(text: &Text) -> Option<&str> {
    match text.as_slice() {
        [Part::Other((name, json))] if name == LOCAL_FILE => Some(json),
        _ => None,
    }
}

impl LocalFiles {
    /// Reads a file. `why` is the place in deploy.yml that names it.
    pub fn read(&self, json: &str, why: &str) -> Result<FileContent, Box<Problem>> {
        let about = |problem: Problem| {
            Box::new(if why.starts_with('/') { problem.about(why) } else { problem })
        };
        let Named { path, erb } = serde_json::from_str(json)
            .map_err(|error| about(Problem::error(format!("no file is named: {error}"))))?;
        let refuse = |why: String, help: &str| {
            about(Problem::error(format!("the file `{path}` {why}")).help(help))
        };
        let mut bytes = Vec::new();
        std::fs::File::open(self.directory.join(&path))
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| {
                let help = "paths are relative to the directory that windlass runs in";
                refuse(format!("cannot be uploaded: {error}"), help)
            })?;
        if bytes.len() as u64 > MAX_BYTES {
            let help = "build it into an image, or copy it to the host and mount it as a volume";
            return Err(refuse(format!("is larger than {} MiB", MAX_BYTES >> 20), help));
        }
        let Some(more) = erb else { return Ok(FileContent::new(bytes)) };
        let text = String::from_utf8(bytes)
            .map_err(|_| refuse("is a template and no UTF-8 text".into(), "save it as UTF-8"))?;
        let mut env = self.env.clone();
        env.extend(more);
        // Its own line is the better place than that of deploy.yml.
        let none = |what: &str| {
            let problem = Problem::error(format!("ERB: an uploaded file may not {what}"));
            Err(Box::new(problem.help("set a variable before, and use ENV[\"NAME\"]")))
        };
        let world = World {
            env: &env,
            read: &|_| none("read other files"),
            run: &|_| none("run commands"),
        };
        let rendered = erb::render(&Source::new(&path, text), &world);
        let rendered = rendered.map_err(|problems| {
            let first = problems.into_iter().next().map(Box::new);
            first.unwrap_or_else(|| refuse("cannot be evaluated".into(), "write plain text"))
        })?;
        Ok(FileContent::new(rendered.text().as_bytes().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<u8>, Box<Problem>> {
        let directory = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes);
        put("raw", b"a\0\xff<%= x %>").unwrap();
        put("t.erb", b"<%= ENV[\"A\"] %> <%= ENV[\"B\"] %>").unwrap();
        put("bad.erb", b"fine\n<%= `id` %>").unwrap();
        put("huge", &vec![0; MAX_BYTES as usize + 1]).unwrap();
        let env = BTreeMap::from([("A", "1"), ("B", "2")].map(|(n, v)| (n.into(), v.into())));
        let files = LocalFiles { directory: directory.path().into(), env };
        let content = files.read(json, "/accessories/db/files/0")?;
        Ok(content.bytes().unwrap().to_vec())
    }

    #[test]
    fn bytes_are_bytes_and_templates_are_evaluated() {
        assert_eq!(read(r#"{"path": "raw"}"#).unwrap(), b"a\0\xff<%= x %>");
        assert_eq!(read(r#"{"path": "t.erb", "erb": {"B": "3"}}"#).unwrap(), b"1 3");
    }

    #[test]
    fn what_cannot_be_uploaded_says_where_it_is_named() {
        let missing = read(r#"{"path": "none"}"#).unwrap_err();
        assert!(missing.message.contains("`none`"), "{missing}");
        assert_eq!(missing.pointer.as_deref(), Some("/accessories/db/files/0"));
        assert!(read(r#"{"path": "huge"}"#).unwrap_err().message.contains("4 MiB"));
        assert!(read(r#"{"path": "."}"#).is_err() && read("[]").is_err());
        let template = read(r#"{"path": "bad.erb", "erb": {}}"#).unwrap_err();
        assert_eq!(template.place.unwrap().line, 2);
    }
}
