//! Profiles of `~/.aws/credentials` and `~/.aws/config`: keys, region and endpoint. Reading is a pure function of the text.
//!
//! Not read here: profiles that assume a role, ask a program or sign in with a browser; for those let their tool set `AWS_*`.

use std::path::PathBuf;

/// What a profile gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    pub session_token: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
}

/// The profile of this name, else of `AWS_PROFILE`, else `default`. Files that are missing say nothing.
pub(crate) fn read(named: Option<&str>) -> Result<Profile, String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let name = named
        .map(str::to_owned)
        .or_else(|| variable("AWS_PROFILE"))
        .unwrap_or_else(|| "default".to_owned());
    let home = variable("HOME").map(PathBuf::from).unwrap_or_default();
    let text = |name: &str, usual: &str| {
        let path = variable(name).map_or_else(|| home.join(usual), PathBuf::from);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        }
    };
    let credentials = text("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")?;
    let config = text("AWS_CONFIG_FILE", ".aws/config")?;
    Ok(find(&credentials, &config, &name))
}

/// The credentials file counts before the other one, as everywhere.
fn find(credentials: &str, config: &str, name: &str) -> Profile {
    let mut profile = Profile::default();
    let section = if name == "default" {
        name.to_owned()
    } else {
        format!("profile {name}")
    };
    fill(&mut profile, credentials, name);
    fill(&mut profile, config, &section);
    profile
}

fn fill(profile: &mut Profile, text: &str, wanted: &str) {
    let mut is_in = false;
    for line in text.lines() {
        let is_nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            let section = section.split(']').next().unwrap_or_default();
            is_in = section.split_whitespace().eq(wanted.split_whitespace());
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if !is_in || is_nested || line.starts_with(['#', ';']) {
            continue;
        }
        let place = match key.trim() {
            "aws_access_key_id" => &mut profile.access_key_id,
            "aws_secret_access_key" => &mut profile.secret_access_key,
            "aws_session_token" => &mut profile.session_token,
            "region" => &mut profile.region,
            "endpoint_url" => &mut profile.endpoint,
            _ => continue,
        };
        place.get_or_insert_with(|| value.trim().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_from_both_files() {
        let credentials = "[default]\naws_access_key_id = A\naws_secret_access_key=s=\n# [x]\n[team]\naws_access_key_id=B\naws_secret_access_key=t\naws_session_token=u\n";
        let config = "[default]\nregion = eu-1\n[profile  team]\nregion=us-2\naws_access_key_id=never\ns3 =\n  endpoint_url = nested\nendpoint_url = http://h\n";
        let default = find(credentials, config, "default");
        assert_eq!(default.access_key_id.as_deref(), Some("A"));
        assert_eq!(default.secret_access_key.as_deref(), Some("s="));
        assert_eq!(default.region.as_deref(), Some("eu-1"));
        let team = find(credentials, config, "team");
        assert_eq!(team.access_key_id.as_deref(), Some("B"));
        assert_eq!(team.session_token.as_deref(), Some("u"));
        assert_eq!(team.region.as_deref(), Some("us-2"));
        assert_eq!(team.endpoint.as_deref(), Some("http://h"));
        assert_eq!(find(credentials, config, "nobody"), Profile::default());
    }
}
