//! Documents to sign, written by hand: with a cross-reference table, or a stream and object streams.

use std::io::Write as _;

/// Objects by number, each without `obj` and `endobj`.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) version: &'static str,
    pub(crate) objects: Vec<(u32, Vec<u8>)>,
    pub(crate) info: bool,
}

pub(crate) const TEXT: &str = "The price is 100 euros.";

fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let mut object = format!("<<{dictionary}/Length {}>>\nstream\n", content.len()).into_bytes();
    object.extend_from_slice(content);
    object.extend_from_slice(b"\nendstream");
    object
}

impl Sample {
    /// Two pages of text, with information and metadata.
    pub(crate) fn new() -> Self {
        let content = format!("BT /F1 24 Tf 72 700 Td ({TEXT}) Tj ET");
        let objects = vec![
            (1, b"<</Type/Catalog/Pages 2 0 R/Metadata 8 0 R>>".to_vec()),
            (2, b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>".to_vec()),
            (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources 6 0 R>>".to_vec()),
            (
                4,
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Rotate 90/Contents 5 0 R/Resources 6 0 R>>"
                    .to_vec(),
            ),
            (5, stream("", content.as_bytes())),
            (6, b"<</Font<</F1 7 0 R>>>>".to_vec()),
            (7, b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec()),
            (8, stream("/Type/Metadata/Subtype/XML", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>")),
            (9, b"<</Title(A contract)/Producer(by hand)>>".to_vec()),
        ];
        Self { version: "1.7", objects, info: true }
    }

    /// The same with a form: a text field, and an empty signature field.
    pub(crate) fn with_form() -> Self {
        let mut sample = Self::new();
        sample.set(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>");
        sample.set(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources 6 0 R/Annots[11 0 R 12 0 R]>>");
        sample.set(10, "<</Fields[11 0 R 12 0 R]/DA(/Helv 0 Tf 0 g)/DR<</Font<</Helv 7 0 R>>>>>>");
        sample.set(
            11,
            "<</Type/Annot/Subtype/Widget/FT/Tx/T(amount)/V(100)/Rect[72 600 200 620]/P 3 0 R/F 4>>",
        );
        sample.set(12, "<</Type/Annot/Subtype/Widget/FT/Sig/T(seller)/Rect[72 500 272 560]/P 3 0 R/F 4>>");
        sample
    }

    pub(crate) fn set(&mut self, number: u32, object: &str) {
        self.objects.retain(|(known, _)| *known != number);
        self.objects.push((number, object.as_bytes().to_vec()));
        self.objects.sort();
    }

    fn size(&self) -> u32 {
        self.objects.iter().map(|(number, _)| number + 1).max().unwrap_or(1)
    }

    fn trailer(&self) -> String {
        let info = if self.info { "/Info 9 0 R" } else { "" };
        format!("/Root 1 0 R{info}/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>]")
    }

    /// With a cross-reference table.
    pub(crate) fn with_table(&self) -> Vec<u8> {
        let mut file = format!("%PDF-{}\n%\u{e2}\u{e3}\n", self.version).into_bytes();
        let mut offsets = vec![None; self.size() as usize];
        for (number, object) in &self.objects {
            offsets[*number as usize] = Some(file.len());
            file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
            file.extend_from_slice(object);
            file.extend_from_slice(b"\nendobj\n");
        }
        let start = file.len();
        file.extend_from_slice(format!("xref\n0 {}\n", self.size()).as_bytes());
        for (number, offset) in offsets.iter().enumerate() {
            let line = match offset {
                Some(offset) => format!("{offset:010} 00000 n \n"),
                None if number == 0 => "0000000000 65535 f \n".to_owned(),
                None => "0000000000 00000 f \n".to_owned(),
            };
            file.extend_from_slice(line.as_bytes());
        }
        let trailer =
            format!("trailer\n<</Size {}{}>>\nstartxref\n{start}\n%%EOF\n", self.size(), self.trailer());
        file.extend_from_slice(trailer.as_bytes());
        file
    }

    /// With a cross-reference stream; everything that is no stream lies in an object stream.
    pub(crate) fn with_stream(&self) -> Vec<u8> {
        let mut file = format!("%PDF-{}\n%\u{e2}\u{e3}\n", self.version).into_bytes();
        let (packed, table) = (self.size(), self.size() + 1);
        let mut rows: Vec<[u8; 7]> = vec![[0; 7]; table as usize + 1];
        let row = |kind: u8, second: usize, third: usize| {
            let mut row = [kind; 7];
            row[1..5].copy_from_slice(&u32::try_from(second).unwrap().to_be_bytes());
            row[5..].copy_from_slice(&u16::try_from(third).unwrap().to_be_bytes());
            row
        };
        let (mut index, mut bodies, mut count) = (String::new(), Vec::new(), 0);
        for (number, object) in &self.objects {
            if object.ends_with(b"endstream") {
                rows[*number as usize] = row(1, file.len(), 0);
                file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
                file.extend_from_slice(object);
                file.extend_from_slice(b"\nendobj\n");
            } else {
                rows[*number as usize] = row(2, packed as usize, count);
                index.push_str(&format!("{number} {} ", bodies.len()));
                bodies.extend_from_slice(object);
                bodies.push(b'\n');
                count += 1;
            }
        }
        rows[packed as usize] = row(1, file.len(), 0);
        let content = deflate(&[index.as_bytes(), &bodies].concat());
        let head = format!("/Type/ObjStm/N {count}/First {}/Filter/FlateDecode", index.len());
        file.extend_from_slice(format!("{packed} 0 obj\n").as_bytes());
        file.extend_from_slice(&stream(&head, &content));
        file.extend_from_slice(b"\nendobj\n");
        let start = file.len();
        rows[table as usize] = row(1, start, 0);
        // Each row as its difference from the one above, as other programs write it.
        let mut predicted = Vec::new();
        let mut above = [0; 7];
        for row in &rows {
            predicted.push(2);
            predicted.extend(row.iter().zip(above).map(|(byte, above)| byte.wrapping_sub(above)));
            above = *row;
        }
        let head = format!(
            "/Type/XRef/Size {}/W[1 4 2]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 7>>{}",
            table + 1,
            self.trailer()
        );
        file.extend_from_slice(format!("{table} 0 obj\n").as_bytes());
        file.extend_from_slice(&stream(&head, &deflate(&predicted)));
        file.extend_from_slice(format!("\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
        file
    }
}

pub(crate) fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}
