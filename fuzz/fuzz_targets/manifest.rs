//! Arbitrary bytes as the small files of a store: what decodes encodes to the same bytes, as far as they mean something.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mltrack_log::codec::checkpoint::Checkpoint;
use mltrack_log::codec::footer::Footer;
use mltrack_log::codec::identity::Format;
use mltrack_log::codec::manifest::Manifest;
use mltrack_log::codec::segment::SegmentHeader;
use mltrack_log::codec::spool::SpoolHeader;

fn check(bytes: &[u8]) {
    if let Some(manifest) = Manifest::decode(bytes) {
        assert_eq!(Manifest::decode(&manifest.encode()), Some(manifest));
    }
    if let Some(footer) = Footer::decode(bytes) {
        assert_eq!(Footer::decode(&footer.encode()), Some(footer));
    }
    if let Some(checkpoint) = Checkpoint::decode(bytes) {
        assert_eq!(Checkpoint::decode(&checkpoint.encode()), Some(checkpoint));
    }
    if let Some(header) = SegmentHeader::decode(bytes) {
        assert_eq!(SegmentHeader::decode(&header.encode()), Some(header));
    }
    if let Some(header) = SpoolHeader::decode(bytes) {
        assert_eq!(SpoolHeader::decode(&header.encode()), Some(header));
    }
    if let Ok(format) = Format::decode(bytes) {
        assert_eq!(Format::decode(&format.encode()), Ok(format));
    }
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // With a right crc, so that the fields behind it are reached.
    let mut sealed = bytes.to_vec();
    mltrack_fuzz::seal(&mut sealed);
    check(&sealed);
});
