//! ZIP archives that are packed soundly, for targets that look at what is inside.

/// A ZIP archive in which everything is stored, and in order; at most 64 entries.
pub fn archive<'a>(entries: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, content) in entries {
        if count == 64 || name.len() > 1000 {
            break;
        }
        let offset = u32::try_from(out.len()).unwrap();
        let mut header = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
        header.extend(crc32fast::hash(content).to_le_bytes());
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        header.extend([size, size].concat());
        header.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        header.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&header);
        out.extend(name);
        out.extend(content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&header);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name);
        count += 1;
    }
    let start = u32::try_from(out.len()).unwrap();
    let length = u32::try_from(directory.len()).unwrap();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}
