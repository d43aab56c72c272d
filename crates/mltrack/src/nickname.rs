//! Names for runs that were given none: two words that people can say and remember.

use mltrack_event::RunId;

const MOODS: [&str; 32] = [
    "brave", "calm", "clever", "cosy", "crisp", "eager", "early", "fair", "fast", "fine", "fresh",
    "gentle", "glad", "golden", "happy", "keen", "kind", "late", "light", "lucky", "mellow",
    "neat", "noble", "proud", "quick", "quiet", "red", "shy", "silver", "steady", "warm", "wise",
];
const BEINGS: [&str; 32] = [
    "ash", "bear", "birch", "crane", "deer", "dove", "eagle", "elk", "elm", "fern", "finch", "fox",
    "hare", "hawk", "heron", "ibis", "ivy", "jay", "lark", "lynx", "maple", "moss", "oak", "otter",
    "owl", "pine", "robin", "seal", "swan", "tern", "willow", "wren",
];

/// The same id always gives the same name.
pub fn nickname(run: RunId) -> String {
    let [.., mood, being] = run.to_bytes();
    format!(
        "{}-{}",
        MOODS[usize::from(mood) % 32],
        BEINGS[usize::from(being) % 32]
    )
}
