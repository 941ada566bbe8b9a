//! QR codes of device links (6.4): version 9 with error correction L where the link fits, four modules of quiet
//! zone, as existing pages show them.

use qrcode::{Color, EcLevel, Version};

use crate::Error;

/// The quiet zone, in modules on each side (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// The version that existing pages show: 53 by 53 modules, 230 octets.
const VERSION: Version = Version::Normal(9);

/// The version that readers still take from a screen: 93 by 93 modules, 718 octets.
const LARGEST: i16 = 19;

/// Pixels per module when the caller has no wish of their own. 6 to 10 read best; below 5 and above 20 badly.
pub const MODULE_PIXELS: u8 = 10;

/// A QR code, ready to be drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct QrCode {
    side: usize,
    dark: Vec<bool>,
}

impl QrCode {
    /// The code of a link.
    ///
    /// # Errors
    /// [`Error::LinkTooLong`] when it needs more than version 19.
    pub fn of(link: &str) -> Result<Self, Error> {
        let too_long = || Error::LinkTooLong { octets: link.len() };
        let code = qrcode::QrCode::with_version(link, VERSION, EcLevel::L)
            .or_else(|_| qrcode::QrCode::with_error_correction_level(link, EcLevel::L))
            .map_err(|_| too_long())?;
        match code.version() {
            Version::Normal(version) if version <= LARGEST => {}
            Version::Normal(_) | Version::Micro(_) => return Err(too_long()),
        }
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { side: code.width(), dark })
    }

    /// Modules on each side, without the quiet zone.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Whether a module is dark, counted from the upper left corner; those outside are light.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && y < self.side && self.dark[y * self.side + x]
    }

    /// An SVG image that is sharp at every size; [`MODULE_PIXELS`] pixels per module unless styled otherwise.
    pub fn svg(&self) -> String {
        let total = self.side + 2 * QUIET_ZONE;
        let pixels = total * usize::from(MODULE_PIXELS);
        let mut path = String::new();
        for y in 0..self.side {
            let mut x = 0;
            while x < self.side {
                let run = (x..self.side).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET_ZONE, y + QUIET_ZONE));
                }
                x += run + 1;
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
             viewBox=\"0 0 {total} {total}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{total}v{total}h-{total}z\"/><path d=\"{path}\"/></svg>"
        )
    }

    /// A PNG image, black on white, with so many pixels per module (1 to 20; [`MODULE_PIXELS`] is a good choice).
    ///
    /// # Errors
    /// [`Error::Setting`] for another number of pixels.
    pub fn png(&self, module_pixels: u8) -> Result<Vec<u8>, Error> {
        if !(1..=20).contains(&module_pixels) {
            return Err(Error::Setting { setting: "module_pixels", why: "it is not 1 to 20".to_owned() });
        }
        let scale = usize::from(module_pixels);
        let pixels = (self.side + 2 * QUIET_ZONE) * scale;
        let mut rows = vec![0xFF_u8; pixels.div_ceil(8) * pixels];
        for y in 0..pixels {
            let row = &mut rows[y * pixels.div_ceil(8)..][..pixels.div_ceil(8)];
            for x in 0..pixels {
                // Inside the quiet zone the subtraction wraps to a module far outside, which is light.
                let module = |at: usize| (at / scale).wrapping_sub(QUIET_ZONE);
                if self.is_dark(module(x), module(y)) {
                    row[x / 8] &= !(0x80 >> (x % 8));
                }
            }
        }
        let failed = |error: png::EncodingError| Error::Setting { setting: "png", why: error.to_string() };
        let mut out = Vec::new();
        // At most (93 + 8) · 20 pixels, which fits.
        let mut encoder = png::Encoder::new(&mut out, pixels as u32, pixels as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&rows).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(out)
    }

    /// For a terminal: two modules per character cell, light modules drawn, so it reads on a dark background.
    pub fn blocks(&self) -> String {
        let total = self.side + 2 * QUIET_ZONE;
        let light = |x: usize, y: usize| {
            y < total && !self.is_dark(x.wrapping_sub(QUIET_ZONE), y.wrapping_sub(QUIET_ZONE))
        };
        let mut out = String::new();
        for y in (0..total).step_by(2) {
            for x in 0..total {
                out.push(match (light(x, y), light(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            out.push('\n');
        }
        out
    }
}

/// The size only: whoever reads the code can claim the session.
impl std::fmt::Debug for QrCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QrCode({0} by {0})", self.side)
    }
}
