//! Where a content is cut into chunks: by what stands around a place, so that an edit moves only the cuts near it.
//!
//! A place is looked at in two steps. The first is a sum of four bytes that the processor computes for sixteen places at
//! once and that one place in 256 has; only there are the 32 bytes hashed that decide. A gear hash, which moves from byte
//! to byte, takes four times as long, because each step waits for the one before.
//!
//! Invariant: cuts do not depend on how the content was read. Where they are is not part of the format: any cuts read back.

/// No chunk but the last is shorter.
pub(crate) const CHUNK_LEN_MIN: usize = 64 << 10;
/// Chunks are about so long.
pub(crate) const CHUNK_LEN_MEAN: usize = 256 << 10;
/// No chunk is longer.
pub(crate) const CHUNK_LEN_MAX: usize = 1 << 20;

/// A cut is behind so many bytes that decide about it.
const WINDOW_LEN: usize = 32;
/// Places that are looked at together.
const PLACES: usize = 64;
/// The sum of a place that is worth hashing. Odd, so that no run of equal bytes that are even has it.
const SUM: u8 = 0xa7;
/// Of a chunk that is shorter than the mean one place in 2^19 is a cut, afterwards one in 2^17: so most are near the mean.
const MASK_BEFORE: u64 = mask(11);
const MASK_BEHIND: u64 = mask(9);

const fn mask(bits: u32) -> u64 {
    !(u64::MAX >> bits)
}

/// The length of the first chunk of these bytes, which are the rest of the content or at least [`CHUNK_LEN_MAX`] of it.
pub(crate) fn first_chunk_len(bytes: &[u8]) -> usize {
    let bytes = &bytes[..bytes.len().min(CHUNK_LEN_MAX)];
    if bytes.len() <= CHUNK_LEN_MIN {
        return bytes.len();
    }
    let mean = CHUNK_LEN_MEAN.min(bytes.len());
    let near = cut_between(bytes, CHUNK_LEN_MIN, mean, MASK_BEFORE);
    let cut = near.or_else(|| cut_between(bytes, mean, bytes.len(), MASK_BEHIND));
    cut.unwrap_or(bytes.len())
}

/// The first cut from `from` on that is before `to`.
fn cut_between(bytes: &[u8], from: usize, to: usize, mask: u64) -> Option<usize> {
    // Windows begin here.
    let (mut at, end) = (from - WINDOW_LEN, to - WINDOW_LEN);
    while at + PLACES <= end {
        let places: &[u8; PLACES + 3] = bytes[at..at + PLACES + 3].try_into().expect("so many");
        let mut hits = sums_that_fit(places);
        while hits != 0 {
            let start = at + hits.trailing_zeros() as usize;
            if is_cut(bytes, start, mask) {
                return Some(start + WINDOW_LEN);
            }
            hits &= hits - 1;
        }
        at += PLACES;
    }
    let rest = at..end;
    rest.into_iter()
        .find(|start| fits(&bytes[*start..]) && is_cut(bytes, *start, mask))
        .map(|start| start + WINDOW_LEN)
}

/// One bit for each place whose sum is worth hashing. Written so that the compiler uses the widest registers.
#[inline]
fn sums_that_fit(bytes: &[u8; PLACES + 3]) -> u64 {
    let mut fits = [0_u8; PLACES];
    let mut any = 0;
    for (place, fit) in fits.iter_mut().enumerate() {
        let sum = sum(
            bytes[place],
            bytes[place + 1],
            bytes[place + 2],
            bytes[place + 3],
        );
        *fit = u8::from(sum == SUM);
        any |= *fit;
    }
    if any == 0 {
        return 0;
    }
    let mut bits = 0;
    for (at, eight) in fits.chunks_exact(8).enumerate() {
        let eight = u64::from_le_bytes(eight.try_into().expect("eight"));
        // Each of eight bytes that are 0 or 1 gives one bit of the topmost byte.
        bits |= (eight.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * at);
    }
    bits
}

/// `a + 3b + 5c + 7d`, by additions only: bytes have no other fast operation.
#[inline]
fn sum(a: u8, b: u8, c: u8, d: u8) -> u8 {
    let (bd, cd) = (b.wrapping_add(d), c.wrapping_add(d));
    let (ab, twice_cd) = (a.wrapping_add(b), cd.wrapping_add(cd));
    let twice = bd.wrapping_add(twice_cd);
    ab.wrapping_add(cd).wrapping_add(twice).wrapping_add(twice)
}

fn fits(bytes: &[u8]) -> bool {
    sum(bytes[0], bytes[1], bytes[2], bytes[3]) == SUM
}

/// Whether the window that begins here is followed by a cut.
fn is_cut(bytes: &[u8], start: usize, mask: u64) -> bool {
    let mut hash = 0_u64;
    for eight in bytes[start..start + WINDOW_LEN].chunks_exact(8) {
        let eight = u64::from_le_bytes(eight.try_into().expect("eight"));
        hash = (hash ^ eight).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
    }
    hash & mask == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    fn cuts(mut content: &[u8]) -> Vec<usize> {
        let (mut cuts, mut at) = (Vec::new(), 0);
        while !content.is_empty() {
            let len = first_chunk_len(content);
            content = &content[len..];
            at += len;
            cuts.push(at);
        }
        cuts
    }

    #[test]
    fn chunks_keep_their_limits_and_are_about_as_long_as_the_mean() {
        let content = noise(64 << 20);
        let cuts = cuts(&content);
        let mut before = 0;
        for (number, cut) in cuts.iter().enumerate() {
            let len = cut - before;
            let is_last = number + 1 == cuts.len();
            assert!(
                len <= CHUNK_LEN_MAX && (len >= CHUNK_LEN_MIN || is_last),
                "{len}"
            );
            before = *cut;
        }
        let mean = content.len() / cuts.len();
        assert!(
            (CHUNK_LEN_MEAN..CHUNK_LEN_MEAN * 3 / 2).contains(&mean),
            "{mean}"
        );
    }

    #[test]
    fn an_insertion_moves_only_the_cuts_near_it() {
        let content = noise(32 << 20);
        let before = cuts(&content);
        let mut longer = content.clone();
        longer.splice(1_000_003..1_000_003, *b"thirteen more");
        let after: std::collections::HashSet<usize> =
            cuts(&longer).into_iter().map(|cut| cut - 13).collect();
        let lost = before.iter().filter(|cut| !after.contains(cut)).count();
        assert!(lost <= 6, "{lost} of {} cuts moved", before.len());
    }

    #[test]
    fn equal_bytes_are_cut_at_the_longest() {
        for byte in 0..=255 {
            assert_eq!(
                first_chunk_len(&vec![byte; CHUNK_LEN_MAX + 1]),
                CHUNK_LEN_MAX
            );
        }
    }

    #[test]
    fn places_looked_at_together_are_the_places_looked_at_alone() {
        let content = noise(100_000);
        for start in (0..content.len() - PLACES - 3).step_by(PLACES) {
            let bits = sums_that_fit(content[start..start + PLACES + 3].try_into().unwrap());
            for place in 0..PLACES {
                let is_set = bits >> place & 1 == 1;
                assert_eq!(is_set, fits(&content[start + place..]), "{start} {place}");
            }
        }
    }
}
