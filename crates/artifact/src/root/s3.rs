//! The client for S3 and what speaks like it: settings from the URL, then the environment, then `~/.aws`.

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::profile;
use super::remote::{Client, Remote};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::url::{S3Place, S3Setting, StoreUrl};

/// The root at an `s3://` URL.
pub(crate) fn open(url: &StoreUrl, s3: &S3Place, options: &Options) -> Result<Remote> {
    let (text, s3_again, options) = (url.to_string(), s3.clone(), options.clone());
    let place = format!(
        "s3://{}",
        [s3.bucket.as_str(), s3.prefix.as_str()].join("/")
    );
    Remote::new(
        place.trim_end_matches('/').to_owned(),
        s3.prefix.clone(),
        true,
        move || client(&text, &s3_again, &options),
    )
}

fn client(url: &str, s3: &S3Place, options: &Options) -> Result<Client> {
    let client = builder(s3, options)
        .and_then(|builder| builder.build().map_err(|error| error.to_string()))
        .map_err(|why| Error::Url {
            url: url.to_owned(),
            why,
        })?;
    let client = Arc::new(client);
    Ok(Client {
        store: client.clone(),
        signer: Some(client),
    })
}

fn builder(s3: &S3Place, options: &Options) -> Result<AmazonS3Builder, String> {
    let setting = |wanted: S3Setting| {
        let found = s3.settings.iter().rev().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(&s3.bucket)
        .with_retry(retries(options));
    builder = with_credentials(builder, setting(S3Setting::Profile), options)?;
    for (name, value) in &s3.settings {
        builder = match name {
            S3Setting::Endpoint => builder.with_endpoint(value),
            S3Setting::Region => builder.with_region(value),
            S3Setting::PathStyle => builder.with_virtual_hosted_style_request(value == "false"),
            S3Setting::Anonymous => builder.with_skip_signature(value == "true"),
            S3Setting::Encryption => with(builder, "aws_server_side_encryption", value),
            S3Setting::KmsKey => with(builder, "aws_sse_kms_key_id", value),
            S3Setting::BucketKey => with(builder, "aws_sse_bucket_key_enabled", value),
            S3Setting::Profile => builder,
        };
    }
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    // Whoever writes http:// has decided; nothing is ever sent in the clear otherwise.
    let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    let http = ClientOptions::new()
        .with_allow_http(is_plain)
        .with_timeout(options.request_timeout)
        .with_connect_timeout(
            options
                .request_timeout
                .min(std::time::Duration::from_secs(10)),
        );
    Ok(builder.with_client_options(http))
}

fn with(builder: AmazonS3Builder, key: &str, value: &str) -> AmazonS3Builder {
    let key: AmazonS3ConfigKey = key.parse().expect("the client knows this key");
    builder.with_config(key, value)
}

fn retries(options: &Options) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: options.retries,
        retry_timeout: options.retry_timeout,
    }
}

/// The options' credentials; else a profile that was named; else the environment's; else the usual profile's.
fn with_credentials(
    mut builder: AmazonS3Builder,
    named: Option<&str>,
    options: &Options,
) -> Result<AmazonS3Builder, String> {
    if let Some(given) = &options.credentials {
        builder = builder
            .with_access_key_id(&given.access_key_id)
            .with_secret_access_key(&given.secret_access_key);
        return Ok(match &given.session_token {
            Some(token) => builder.with_token(token),
            None => builder,
        });
    }
    let has_key = |key: AmazonS3ConfigKey| builder.get_config_value(&key).is_some();
    let is_set = has_key(AmazonS3ConfigKey::AccessKeyId)
        || has_key(AmazonS3ConfigKey::WebIdentityTokenFile)
        || has_key(AmazonS3ConfigKey::ContainerCredentialsRelativeUri)
        || has_key(AmazonS3ConfigKey::ContainerCredentialsFullUri);
    if is_set && named.is_none() {
        return Ok(builder);
    }
    let profile = profile::read(named)?;
    if let (Some(id), Some(secret)) = (&profile.access_key_id, &profile.secret_access_key) {
        builder = builder
            .with_access_key_id(id)
            .with_secret_access_key(secret);
        if let Some(token) = &profile.session_token {
            builder = builder.with_token(token);
        }
    } else if named.is_some() {
        return Err(format!(
            "the profile {:?} of ~/.aws has no aws_access_key_id with its aws_secret_access_key",
            named.unwrap_or_default()
        ));
    }
    if builder
        .get_config_value(&AmazonS3ConfigKey::Region)
        .is_none()
        && let Some(region) = &profile.region
    {
        builder = builder.with_region(region);
    }
    if builder
        .get_config_value(&AmazonS3ConfigKey::Endpoint)
        .is_none()
        && let Some(endpoint) = &profile.endpoint
    {
        builder = builder.with_endpoint(endpoint);
    }
    Ok(builder)
}
