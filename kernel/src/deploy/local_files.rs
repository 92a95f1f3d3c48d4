//! Files on the user's machine that steps put on hosts. A plugin cannot read them: it names
//! one, and the kernel takes its content into the plan.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use crate::config::erb::{self, World};
use crate::config::source::Source;
use crate::model::file_content::FileContent;
use crate::model::problem::Problem;
use crate::model::wit::Upload;

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

impl LocalFiles {
    /// Reads a file. `why` is the place in deploy.yml that names it.
    pub fn read(&self, upload: &Upload, why: &str) -> Result<FileContent, Box<Problem>> {
        let about = |problem: Problem| {
            Box::new(if why.starts_with('/') { problem.about(why) } else { problem })
        };
        let path = &upload.source;
        let refuse = |why: String, help: &str| {
            about(Problem::error(format!("the file `{path}` {why}")).help(help))
        };
        let mut bytes = Vec::new();
        std::fs::File::open(self.directory.join(path))
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| {
                let help = "paths are relative to the directory that windlass runs in";
                refuse(format!("cannot be uploaded: {error}"), help)
            })?;
        if bytes.len() as u64 > MAX_BYTES {
            let help = "build it into an image, or copy it to the host and mount it as a volume";
            return Err(refuse(format!("is larger than {} MiB", MAX_BYTES >> 20), help));
        }
        let Some(more) = &upload.template else { return Ok(FileContent::new(bytes)) };
        let text = String::from_utf8(bytes)
            .map_err(|_| refuse("is a template but not UTF-8 text".into(), "save it as UTF-8"))?;
        let mut env = self.env.clone();
        env.extend(more.iter().cloned());
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
        let rendered = erb::render(&Source::new(path, text), &world);
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

    fn read(source: &str, template: Option<&[(&str, &str)]>) -> Result<Vec<u8>, Box<Problem>> {
        let directory = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes);
        put("raw", b"a\0\xff<%= x %>").unwrap();
        put("t.erb", b"<%= ENV[\"A\"] %> <%= ENV[\"B\"] %>").unwrap();
        put("bad.erb", b"fine\n<%= `id` %>").unwrap();
        put("huge", &vec![0; MAX_BYTES as usize + 1]).unwrap();
        let env = BTreeMap::from([("A", "1"), ("B", "2")].map(|(n, v)| (n.into(), v.into())));
        let files = LocalFiles { directory: directory.path().into(), env };
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect()
        };
        let (source, template) = (source.to_string(), template.map(pairs));
        let upload = Upload { path: "x".into(), mode: 0o644, source, template };
        let content = files.read(&upload, "/accessories/db/files/0")?;
        Ok(content.bytes().unwrap().to_vec())
    }

    #[test]
    fn bytes_are_bytes_and_templates_are_evaluated() {
        assert_eq!(read("raw", None).unwrap(), b"a\0\xff<%= x %>");
        assert_eq!(read("t.erb", Some(&[("B", "3")])).unwrap(), b"1 3");
    }

    #[test]
    fn what_cannot_be_uploaded_says_where_it_is_named() {
        let missing = read("none", None).unwrap_err();
        assert!(missing.message.contains("`none`"), "{missing}");
        assert_eq!(missing.pointer.as_deref(), Some("/accessories/db/files/0"));
        assert!(read("huge", None).unwrap_err().message.contains("4 MiB"));
        assert!(read(".", None).is_err());
        let template = read("bad.erb", Some(&[])).unwrap_err();
        assert_eq!(template.place.unwrap().line, 2);
    }
}
