//! Tests of lines made of what programs print.

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000_000;

fn no_mask(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

/// Pieces printed a second apart, and the lines that each gave.
fn printed(pieces: &[&[u8]]) -> Vec<Vec<String>> {
    let mut assembler = Assembler::new(no_mask);
    let mut given = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let (mut lines, now) = (Vec::new(), at as i64 * SECOND);
        assembler.write(piece, now, &mut lines);
        assembler.rest(now, &mut lines);
        given.push(texts(lines));
    }
    let mut lines = Vec::new();
    assembler.finish(pieces.len() as i64 * SECOND, &mut lines);
    given.push(texts(lines));
    given
}

fn texts(lines: Vec<ConsoleLine>) -> Vec<String> {
    lines.into_iter().map(|line| line.text).collect()
}

fn all(pieces: &[&[u8]]) -> Vec<String> {
    printed(pieces).concat()
}

#[test]
fn lines_are_given_when_they_end_and_the_last_one_at_the_end() {
    let given = printed(&[b"one\r\ntw", b"o\n\nthree"]);
    assert_eq!(given, [vec!["one"], vec!["two", ""], vec!["three"]]);
}

#[test]
fn a_progress_bar_is_given_as_it_was_last() {
    assert_eq!(
        all(&[b"\r 1%", b"\r 50%", b"\r100%\n", b"done\n"]),
        ["100%", "done"]
    );
    assert_eq!(all(&[b"10%\r", b"20%\r", b"30%\r"]), ["30%"]);
}

#[test]
fn a_progress_bar_that_takes_long_is_given_every_ten_seconds() {
    let pieces: Vec<String> = (0..25).map(|at| format!("\r{at} of 25")).collect();
    let pieces: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
    assert_eq!(all(&pieces).len(), 3, "{:?}", all(&pieces));
    assert_eq!(all(&pieces).last().unwrap(), "24 of 25");
}

#[test]
fn a_question_without_a_line_end_is_given_once() {
    let mut pieces: Vec<&[u8]> = vec![b"Continue? "];
    pieces.extend([b"" as &[u8]; 30]);
    assert_eq!(all(&pieces), ["Continue? "]);
}

#[test]
fn several_bars_below_each_other_are_each_given_as_they_were_last() {
    // As tqdm writes a bar at the second position: down, write, up.
    let mut pieces = vec!["\router 0%".to_owned()];
    for at in 0..5 {
        pieces.push(format!("\n\rinner {at}\u{1b}[A"));
        pieces.push(format!("\router {at}"));
    }
    pieces.push("\n\nend\n".to_owned());
    let pieces: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
    let given = all(&pieces);
    let last_of = |word: &str| {
        given
            .iter()
            .rfind(|line| line.starts_with(word))
            .unwrap()
            .clone()
    };
    assert_eq!(
        (last_of("outer").as_str(), last_of("inner").as_str()),
        ("outer 4", "inner 4")
    );
    assert!(
        given.contains(&"end".to_owned()) && given.len() <= 6,
        "{given:?}"
    );
}

#[test]
fn colours_titles_and_other_sequences_are_no_text() {
    let line = b"\x1b[1;31merror\x1b[0m: \x1b]0;title\x07no\x1b(B \x1b[2Kroom\x00\n";
    assert_eq!(all(&[line]), ["room"]);
    assert_eq!(
        all(&[b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ end\n"]),
        ["link end"]
    );
    assert_eq!(all(&[b"\x1b[31", b"mred\x1b", b"[0m\n"]), ["red"]);
    // One that never ends takes its line and no more.
    assert_eq!(all(&[b"\x1b]0;never\nnext\n"]), ["", "next"]);
}

#[test]
fn what_is_taken_back_letter_by_letter_is_gone() {
    assert_eq!(all(&[b"abc\x08\x08\x08\x08\x08\rxyz\n"]), ["xyz"]);
}

#[test]
fn a_very_long_line_is_given_in_pieces_and_none_is_lost() {
    let long = "ä".repeat(LINE_LEN_MAX);
    let given = all(&[long.as_bytes(), b"end\n"]);
    assert!(given.iter().all(|line| line.len() <= LINE_LEN_MAX));
    assert_eq!(given.concat(), format!("{long}end"));
    let exact = "x".repeat(LINE_LEN_MAX);
    assert_eq!(
        all(&[exact.as_bytes(), b"\n", b"y\n"]),
        [exact.as_str(), "y"]
    );
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_counted() {
    let mut assembler = Assembler::new(no_mask);
    let mut lines = Vec::new();
    assembler.write(b"a\xffb \xc3", 0, &mut lines);
    assembler.write(b"\xa4 \xe2\x82", 0, &mut lines);
    assembler.finish(0, &mut lines);
    assert_eq!(texts(lines), ["a\u{fffd}b ä \u{fffd}"]);
    assert_eq!(assembler.replaced_count(), 3);
}

#[test]
fn secrets_are_masked_and_a_private_key_as_a_whole() {
    fn mask(text: &str) -> Cow<'_, str> {
        Cow::Owned(text.replace("hunter2", "***"))
    }
    let mut assembler = Assembler::new(mask);
    let mut lines = Vec::new();
    let text = "pw hunter2\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nafter\n";
    assembler.write(text.as_bytes(), 0, &mut lines);
    assert_eq!(
        texts(lines),
        ["pw ***", "***", "***", "***", "***", "after"]
    );
}

proptest! {
    #[test]
    fn how_the_bytes_are_cut_makes_no_difference(
        words in prop::collection::vec(
            prop_oneof![
                Just(&b"ab"[..]), Just(&b"\n"[..]), Just(&b"\r"[..]), Just(&b"\xc3\xa4"[..]), Just(&b"\xff"[..]),
                Just(&b"\x1b[31m"[..]), Just(&b"\x1b[A"[..]), Just(&b"\x1b[2K"[..]), Just(&b"\x08"[..]),
                Just(&b"\x1b]0;t\x07"[..]), Just(&b"\t"[..]), Just(&b"\x1b[2B"[..]),
            ],
            0..60,
        ),
        cut in 1..7_usize,
    ) {
        let bytes = words.concat();
        let lines_of = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let (mut assembler, mut lines) = (Assembler::new(no_mask), Vec::new());
            pieces.for_each(|piece| assembler.write(piece, 0, &mut lines));
            assembler.finish(0, &mut lines);
            texts(lines)
        };
        let whole = lines_of(&mut std::iter::once(bytes.as_slice()));
        prop_assert_eq!(lines_of(&mut bytes.chunks(cut)), whole.clone());
        prop_assert!(whole.iter().all(|line| !line.contains(|letter: char| letter.is_control() && letter != '\t')));
    }
}
