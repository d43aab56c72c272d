//! Colours, and how a run is drawn.
//!
//! Invariant: the look of a run comes from its id by the rule of the web page (`crates/server/ui/src/state/colours.ts`),
//! so that a run is the same in both; the palette is that of Okabe and Ito, darker or lighter where the ground asks for it.

/// A colour, and how much of what is behind it shows through: 255 hides all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink {
    pub rgb: (u8, u8, u8),
    pub alpha: u8,
}

pub const fn ink(hex: u32) -> Ink {
    Ink {
        rgb: ((hex >> 16) as u8, (hex >> 8) as u8, hex as u8),
        alpha: 255,
    }
}

impl Ink {
    /// With so much of it left, from 0 to 1.
    pub fn faded(self, share: f64) -> Ink {
        Ink {
            alpha: (f64::from(self.alpha) * share).round() as u8,
            ..self
        }
    }

    /// What it looks like on a ground, with nothing shining through.
    pub fn over(self, ground: Ink, share: f64) -> Ink {
        let mix = |ours: u8, theirs: u8| {
            (f64::from(ours) * share + f64::from(theirs) * (1.0 - share)).round() as u8
        };
        let (a, b) = (self.rgb, ground.rgb);
        Ink {
            rgb: (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2)),
            alpha: 255,
        }
    }

    /// Black or white, whichever is read better on this colour.
    pub fn contrary(self) -> Ink {
        let linear = |part: u8| (f64::from(part) / 255.0).powf(2.2);
        let (r, g, b) = self.rgb;
        let light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        if light > 0.18 {
            ink(0)
        } else {
            ink(0x00ff_ffff)
        }
    }
}

/// The sign on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Plus,
}

/// How a line is drawn: which colour of the palette, which dashes, which marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub(crate) colour: usize,
    pub(crate) dash: usize,
    pub(crate) marker: usize,
}

pub const LIGHT: [Ink; 8] = [
    ink(0x0000_72b2),
    ink(0x00b3_6b00),
    ink(0x0000_795a),
    ink(0x00b0_447f),
    ink(0x00c6_4a00),
    ink(0x001f_7fb8),
    ink(0x0085_7500),
    ink(0x005f_6670),
];
pub const DARK: [Ink; 8] = [
    ink(0x005a_a9e6),
    ink(0x00e6_9f00),
    ink(0x002f_bf93),
    ink(0x00e0_8bbd),
    ink(0x00ff_8552),
    ink(0x008f_d0f5),
    ink(0x00f0_e442),
    ink(0x00ae_b6c2),
];
/// Drawn and left out in turns, in pt.
pub const DASHES: [&[f64]; 4] = [&[], &[4.0, 2.0], &[1.0, 1.5], &[5.0, 1.5, 1.0, 1.5]];
pub const MARKERS: [Marker; 6] = [
    Marker::Circle,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
    Marker::Cross,
    Marker::Plus,
];

/// The look of a run.
pub fn look_of(run_id: &str) -> Look {
    let hash = hash_of(run_id) as usize;
    Look {
        colour: hash % LIGHT.len(),
        dash: (hash >> 8) % DASHES.len(),
        marker: (hash >> 16) % MARKERS.len(),
    }
}

/// The looks of the runs of one chart: each its own, but with the next free colour where runs before it have its colour
/// already. No colour is used twice while another one is free.
pub fn looks_of<'a>(run_ids: impl IntoIterator<Item = &'a str>) -> Vec<Look> {
    let mut taken = [0_usize; LIGHT.len()];
    let mut look = |run_id: &str| {
        let own = look_of(run_id);
        let fewest = taken.iter().copied().min().unwrap_or_default();
        let mut near = (0..LIGHT.len()).map(|step| (own.colour + step) % LIGHT.len());
        let free = near.find(|colour| taken[*colour] == fewest);
        let colour = free.unwrap_or(own.colour);
        taken[colour] += 1;
        Look { colour, ..own }
    };
    run_ids.into_iter().map(&mut look).collect()
}

/// The look of the n-th of things that are no runs: no two of the first 24 have colour and dashes in common.
pub fn look_at(index: usize) -> Look {
    Look {
        colour: index % LIGHT.len(),
        dash: index / LIGHT.len() % DASHES.len(),
        marker: index % MARKERS.len(),
    }
}

/// A number of 32 bits that depends on every letter, as the page makes it.
fn hash_of(text: &str) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    for unit in text.encode_utf16() {
        hash = (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193);
    }
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^ (hash >> 13)
}

/// Viridis, from low to high: it reads the same without colour, and to all kinds of colour vision.
const VIRIDIS: [Ink; 9] = [
    ink(0x0044_0154),
    ink(0x0047_2d7b),
    ink(0x003b_528b),
    ink(0x002c_728e),
    ink(0x0021_918c),
    ink(0x0028_ae80),
    ink(0x005e_c962),
    ink(0x00ad_dc30),
    ink(0x00fd_e725),
];

/// The colour of a share from 0 to 1.
pub fn shade(share: f64) -> Ink {
    if !share.is_finite() {
        return ink(0x008a_8f98);
    }
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let low = (place.floor() as usize).min(VIRIDIS.len() - 2);
    VIRIDIS[low + 1].over(VIRIDIS[low], place - low as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_a_chart_share_a_colour_only_when_none_is_free() {
        let ids: Vec<String> = (0..20).map(|run| format!("{run:032x}")).collect();
        let looks = looks_of(ids.iter().map(String::as_str));
        for (count, most) in [(8, 1), (16, 2), (20, 3)] {
            let of = |colour| {
                looks[..count]
                    .iter()
                    .filter(|it| it.colour == colour)
                    .count()
            };
            assert!(
                (0..8).all(|colour| of(colour) <= most),
                "{count}: {looks:?}"
            );
        }
        assert_eq!(looks[0], look_of(&ids[0]));
    }

    #[test]
    fn the_hash_is_that_of_the_page() {
        // What `hashOf` of colours.ts gives.
        for (text, expected) in [
            ("a", 0x043c_095d),
            ("0199c0de0000700080000000000000ff", 0x1c07_12f9),
            ("0123456789abcdef0123456789abcdef", 0x324c_c8ad),
            ("é☃", 0x649a_ec54),
        ] {
            assert_eq!(hash_of(text), expected, "{text}");
        }
    }

    #[test]
    fn shades_begin_and_end_where_the_palette_does() {
        assert_eq!(shade(0.0), VIRIDIS[0]);
        assert_eq!(shade(1.0), VIRIDIS[8]);
        assert_eq!(shade(0.5), VIRIDIS[4]);
        assert_eq!(shade(f64::NAN), ink(0x008a_8f98));
    }

    #[test]
    fn ink_on_a_colour_is_read() {
        assert_eq!(shade(0.0).contrary(), ink(0x00ff_ffff));
        assert_eq!(shade(1.0).contrary(), ink(0));
        assert_eq!(ink(0).over(ink(0x00ff_ffff), 0.5).rgb, (128, 128, 128));
    }

    #[test]
    fn the_first_looks_differ() {
        let looks: Vec<Look> = (0..24).map(look_at).collect();
        for (index, look) in looks.iter().enumerate() {
            assert!(!looks[..index].contains(look), "{index}");
        }
    }
}
