//! Pictures beside the text of a visible signature: PNG and JPEG [ISO 32000-1 §8.9].

use std::io::Cursor;

use super::refuse;
use crate::error::Result;
use crate::pades::pdf::{Dictionary, Id, Object, Update};

/// Pixels of a picture.
const MAX_PIXELS: u64 = 4_000_000;
/// Bytes of a picture file.
const MAX_PICTURE_LEN: usize = 8 << 20;

/// A picture, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    /// 1 for shades of grey, 3 for colours.
    components: u8,
    pixels: Pixels,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pixels {
    /// The file, which goes into the document as it is.
    Jpeg(Vec<u8>),
    /// Eight bits for each component, and what shows through.
    Plain { colors: Vec<u8>, alpha: Option<Vec<u8>> },
}

impl Picture {
    /// Reads a PNG or JPEG file.
    ///
    /// # Errors
    /// [`crate::Error::Appearance`] for anything else, and above 4 million pixels or 8 MiB.
    pub fn from_bytes(data: &[u8]) -> Result<Self> {
        if data.len() > MAX_PICTURE_LEN {
            return refuse(format!("a picture of {} bytes; at most {MAX_PICTURE_LEN} are taken", data.len()));
        }
        let picture = if data.starts_with(b"\x89PNG\r\n\x1a\n") {
            Self::png(data)?
        } else if data.starts_with(b"\xff\xd8") {
            Self::jpeg(data)?
        } else {
            return refuse("the picture is neither PNG nor JPEG");
        };
        check_size(picture.width, picture.height)?;
        Ok(picture)
    }

    fn png(data: &[u8]) -> Result<Self> {
        let mut decoder = png::Decoder::new(Cursor::new(data));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let broken = |error: png::DecodingError| refuse(format!("the picture can't be read: {error}"));
        let mut reader = match decoder.read_info() {
            Ok(reader) => reader,
            Err(error) => return broken(error),
        };
        let (width, height) = (reader.info().width, reader.info().height);
        check_size(width, height)?;
        let Some(size) = reader.output_buffer_size() else { return refuse("the picture is too large") };
        let mut pixels = vec![0; size];
        let color = match reader.next_frame(&mut pixels) {
            Ok(frame) => {
                pixels.truncate(frame.buffer_size());
                frame.color_type
            }
            Err(error) => return broken(error),
        };
        let (components, has_alpha) = match color {
            png::ColorType::Grayscale => (1, false),
            png::ColorType::GrayscaleAlpha => (1, true),
            png::ColorType::Rgb => (3, false),
            png::ColorType::Rgba => (3, true),
            png::ColorType::Indexed => return refuse("the picture's colours can't be read"),
        };
        let mut colors = Vec::with_capacity(pixels.len());
        let mut alpha = Vec::new();
        for pixel in pixels.chunks_exact(components + usize::from(has_alpha)) {
            colors.extend_from_slice(&pixel[..components]);
            alpha.extend_from_slice(&pixel[components..]);
        }
        // One or three.
        let components = components as u8;
        let alpha = has_alpha.then_some(alpha);
        Ok(Self { width, height, components, pixels: Pixels::Plain { colors, alpha } })
    }

    /// Finds size and colours in the frame header; the rest is for the viewer to decode.
    fn jpeg(data: &[u8]) -> Result<Self> {
        let mut at = 2;
        while let [0xFF, marker, high, low, rest @ ..] = data.get(at..).unwrap_or_default() {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            match (marker, rest) {
                // Padding between segments.
                (0xFF, _) => {
                    at += 1;
                    continue;
                }
                // Baseline, extended and progressive frames.
                (0xC0..=0xC2, [8, h1, h2, w1, w2, components, ..]) => {
                    if !matches!(components, 1 | 3) {
                        return refuse(format!(
                            "a JPEG picture with {components} components; grey and RGB are taken"
                        ));
                    }
                    return Ok(Self {
                        width: u32::from(u16::from_be_bytes([*w1, *w2])),
                        height: u32::from(u16::from_be_bytes([*h1, *h2])),
                        components: *components,
                        pixels: Pixels::Jpeg(data.to_vec()),
                    });
                }
                // The picture begins without a frame that is known.
                (0xDA | 0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF, _) => break,
                _ => at += 2 + length.max(2),
            }
        }
        refuse("the JPEG picture has no frame that viewers of PDF can show")
    }

    /// Width for each unit of height.
    pub(super) fn aspect(&self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }

    pub(super) fn write(&self, update: &mut Update<'_, '_>) -> Id {
        let dictionary = |color: &str| {
            Dictionary::of([
                ("Type", Object::name("XObject")),
                ("Subtype", Object::name("Image")),
                ("Width", Object::Integer(i64::from(self.width))),
                ("Height", Object::Integer(i64::from(self.height))),
                ("BitsPerComponent", Object::Integer(8)),
                ("ColorSpace", Object::name(color)),
            ])
        };
        let color = if self.components == 1 { "DeviceGray" } else { "DeviceRGB" };
        match &self.pixels {
            Pixels::Jpeg(data) => {
                let mut dictionary = dictionary(color);
                dictionary.set("Filter", Object::name("DCTDecode"));
                update.add_stream(dictionary, data)
            }
            Pixels::Plain { colors, alpha } => {
                let mask = alpha.as_ref().map(|alpha| update.add_stream(dictionary("DeviceGray"), alpha));
                let mut dictionary = dictionary(color);
                if let Some(mask) = mask {
                    dictionary.set("SMask", Object::Reference(mask));
                }
                update.add_stream(dictionary, colors)
            }
        }
    }
}

fn check_size(width: u32, height: u32) -> Result<()> {
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return refuse(format!(
            "a picture of {width} by {height} pixels; at most {MAX_PIXELS} pixels are taken"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_jpeg_is_found() {
        let head = [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC0, 0, 11, 8, 0, 20, 0, 10, 3, 0, 0, 0];
        let picture = Picture::from_bytes(&head).unwrap();
        assert_eq!((picture.width, picture.height, picture.components), (10, 20, 3));
        for broken in
            [&head[..12], &[0xFF, 0xD8, 0xFF, 0xDA, 0, 2], b"\xff\xd8", b"GIF89a", b"\x89PNG\r\n\x1a\nrest"]
        {
            assert!(Picture::from_bytes(broken).is_err());
        }
    }

    #[test]
    fn a_png_is_read_with_what_shows_through() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(png::ColorType::Rgba);
        encoder.write_header().unwrap().write_image_data(&[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let picture = Picture::from_bytes(&file).unwrap();
        assert_eq!(picture.pixels, Pixels::Plain { colors: vec![1, 2, 3, 5, 6, 7], alpha: Some(vec![4, 8]) });
    }
}
