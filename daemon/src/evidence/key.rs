//! The key that signs: Ed25519, made once, kept in OpenSSH's own form. A signature is an SSHSIG
//! (PROTOCOL.sshsig of OpenSSH).

use orgvault_api::EvidencePublicKey;
use ssh_key::{
    HashAlg, LineEnding, PrivateKey,
    private::{Ed25519Keypair, KeypairData},
};

use crate::secrets::{SecretError, Secrets};

/// Who signs, in an `allowed_signers` file.
pub const IDENTITY: &str = "orgvault";

/// For what the key signs: a signature for anything else is none of evidence.
pub const NAMESPACE: &str = "orgvault-evidence";

const FILE: &str = "evidence-key";

/// The key cannot sign, or cannot be written as OpenSSH does.
#[derive(Debug, thiserror::Error)]
#[error("cannot {act} with the evidence key: {cause}")]
pub struct SignError {
    /// What was tried.
    act: &'static str,
    /// Why.
    #[source]
    cause: ssh_key::Error,
}

/// Signs evidence.
pub struct EvidenceKey {
    key: PrivateKey,
    public: EvidencePublicKey,
}

impl EvidenceKey {
    /// Reads the key, which is made when there is none.
    ///
    /// # Errors
    /// When it cannot be read or kept, or is damaged.
    pub fn of(secrets: &Secrets) -> Result<Self, SecretError> {
        let damaged = |reason: String| SecretError::Damaged { path: secrets.path(FILE), reason };
        let unusable = |cause: ssh_key::Error| {
            damaged(format!(
                "{cause}; restore it from a backup, or remove it: then a new one is made, and who checks evidence has to be given its public key"
            ))
        };
        if let Some(bytes) = secrets.read(FILE)? {
            let key = PrivateKey::from_openssh(&bytes).map_err(unusable)?;
            return match key.key_data() {
                KeypairData::Ed25519(_) => Self::new(key).map_err(|error| unusable(error.cause)),
                _ => Err(damaged("it is no Ed25519 key without a passphrase".to_owned())),
            };
        }
        let pair = Ed25519Keypair::from_seed(&secrets.drawn(FILE)?);
        let key = PrivateKey::new(KeypairData::Ed25519(pair), NAMESPACE).map_err(unusable)?;
        let text = key.to_openssh(LineEnding::LF).map_err(unusable)?;
        let made = Self::new(key).map_err(|error| unusable(error.cause))?;
        secrets.write(FILE, text.as_bytes())?;
        Ok(made)
    }

    fn new(key: PrivateKey) -> Result<Self, SignError> {
        let public = key.public_key();
        let line = public.to_openssh().map_err(|cause| SignError { act: "write the public key", cause })?;
        // A comment has no place among the signers.
        let bare: Vec<&str> = line.split(' ').take(2).collect();
        let public = EvidencePublicKey {
            fingerprint: public.fingerprint(HashAlg::Sha256).to_string(),
            allowed_signers: format!("{IDENTITY} namespaces=\"{NAMESPACE}\" {}", bare.join(" ")),
            public_key: line,
            identity: IDENTITY.to_owned(),
            namespace: NAMESPACE.to_owned(),
        };
        Ok(Self { key, public })
    }

    /// What everybody may know of it.
    #[must_use]
    pub fn public(&self) -> &EvidencePublicKey {
        &self.public
    }

    /// The signature of a message, armored.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, message: &[u8]) -> Result<String, SignError> {
        let failed = |cause| SignError { act: "sign", cause };
        let signature = self.key.sign(NAMESPACE, HashAlg::Sha512, message).map_err(failed)?;
        signature.to_pem(LineEnding::LF).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_outlives_the_daemon_and_is_like_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets::of(directory.path());
        let first = EvidenceKey::of(&secrets).unwrap();
        let again = EvidenceKey::of(&secrets).unwrap();
        assert_eq!(first.public(), again.public());
        assert_eq!(first.sign(b"text").unwrap(), again.sign(b"text").unwrap());
        let elsewhere = tempfile::tempdir().unwrap();
        let other = EvidenceKey::of(&Secrets::of(elsewhere.path())).unwrap();
        assert_ne!(first.public(), other.public());
    }

    #[test]
    fn a_damaged_key_is_told_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets::of(directory.path());
        for damage in [&b"no key"[..], b""] {
            secrets.write(FILE, damage).unwrap();
            let Err(error) = EvidenceKey::of(&secrets) else { panic!("taken") };
            assert!(
                matches!(&error, SecretError::Damaged { reason, .. } if reason.contains("from a backup")),
                "{error}"
            );
            assert_eq!(secrets.read(FILE).unwrap().unwrap(), damage);
        }
    }
}
