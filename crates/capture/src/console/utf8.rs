//! Bytes in any pieces as text: a character that is cut in two waits for its other half, what is none becomes U+FFFD.

/// Decodes a stream.
#[derive(Default)]
pub(super) struct Utf8 {
    /// The beginning of a character: three bytes at most.
    begun: Vec<u8>,
    replaced_count: u64,
}

impl Utf8 {
    pub fn decode(&mut self, bytes: &[u8], mut take: impl FnMut(&str)) {
        let mut rest = bytes;
        while !self.begun.is_empty() && !rest.is_empty() {
            self.begun.push(rest[0]);
            rest = &rest[1..];
            let begun = std::mem::take(&mut self.begun);
            self.begun = self.give(&begun, &mut take).to_vec();
        }
        let begun = self.give(rest, &mut take).to_vec();
        self.begun.extend(begun);
    }

    /// Nothing more comes: what was begun is no character.
    pub fn finish(&mut self, mut take: impl FnMut(&str)) {
        if !self.begun.is_empty() {
            self.replaced_count += self.begun.len() as u64;
            self.begun.clear();
            take("\u{fffd}");
        }
    }

    pub fn replaced_count(&self) -> u64 {
        self.replaced_count
    }

    /// Gives what can be given; what is left may become a character.
    fn give<'a>(&mut self, bytes: &'a [u8], take: &mut impl FnMut(&str)) -> &'a [u8] {
        let mut rest = bytes;
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(text) => {
                    take(text);
                    return &[];
                }
                Err(error) => error,
            };
            let (good, bad) = rest.split_at(error.valid_up_to());
            take(std::str::from_utf8(good).expect("it was found valid"));
            let Some(length) = error.error_len() else {
                return bad;
            };
            self.replaced_count += length as u64;
            take("\u{fffd}");
            rest = &bad[length..];
        }
    }
}
