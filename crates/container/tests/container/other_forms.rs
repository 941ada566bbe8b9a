//! Hashcode containers, and ASiC-S.

use std::io::Cursor;

use countersign_container::{
    Container, Error, FileName, Form, Level, Method, Policy, SignatureTemplate, validate,
};
use countersign_pki::algorithm::Digest;
use countersign_pki::tsp::TimeStampToken;

use crate::forge::{Forgery, SIGNATURES};
use crate::make::{FILES, extend, request, sign, signed, unsigned};
use crate::raw_zip::{RawEntry, RawZip};
use crate::world::{TimeStampSpec, WORLD, lt, noon, seconds, xml_signature};

const SHA256: &str = "META-INF/hashcodes-sha256.xml";
const SHA512: &str = "META-INF/hashcodes-sha512.xml";

fn hashcode() -> Container {
    let mut container = Container::of_form(Form::Hashcode);
    for (name, media_type, content) in FILES {
        let sha256 = Digest::Sha256.of(content).try_into().unwrap();
        let sha512 = Digest::Sha512.of(content).try_into().unwrap();
        let name = FileName::parse(name).unwrap();
        container.add_hashcode(name, media_type, content.len() as u64, sha256, Some(sha512), noon()).unwrap();
    }
    container
}

fn is_valid(container: &Container) -> bool {
    validate(container, &WORLD.anchors(), noon() + seconds(3600), &lt()).is_valid()
}

fn names(bytes: &[u8]) -> Vec<String> {
    let archive =
        countersign_container::asice::zip_reader::ZipReader::open(Cursor::new(bytes), &Default::default());
    archive.unwrap().entries().iter().map(|entry| entry.name.clone()).collect()
}

#[test]
fn digests_are_signed_and_the_data_is_put_in_afterwards() {
    let mut container = hashcode();
    let mut signature = {
        let template =
            SignatureTemplate::new(&request(&container, &WORLD.signer, &WORLD.signer_key)).unwrap();
        template.finish(&xml_signature(&WORLD.signer_key, template.dtbs())).unwrap()
    };
    extend(&container, &mut signature, Level::Lt);
    container.add_signature(&signature, noon()).unwrap();
    let bytes = container.to_bytes().unwrap();
    assert_eq!(names(&bytes), ["mimetype", "META-INF/manifest.xml", SHA256, SHA512, SIGNATURES]);

    let mut opened = Container::from_bytes(&bytes).unwrap();
    assert_eq!((opened.form(), opened.data_files().len()), (Form::Hashcode, 2));
    let report = validate(&opened, &WORLD.anchors(), noon() + seconds(3600), &lt());
    assert!(report.is_valid(), "{report}");
    assert_eq!(report.signature_form.as_deref(), Some("ASiC-E_hashcode"));
    let scopes = report.signatures[0].signature_scopes.iter().map(|scope| scope.scope.as_str());
    assert!(scopes.clone().all(|scope| scope == "DigestSignatureScope"), "{:?}", scopes.collect::<Vec<_>>());
    assert!(matches!(opened.read_data_file(FILES[0].0), Err(Error::DataNotHere { .. })));
    assert!(matches!(opened.digest_data_file(FILES[0].0, Digest::Sha384), Err(Error::DataNotHere { .. })));

    let wrong = opened.attach(FILES[0].0, Cursor::new(b"Kakskummend eurod\n"), noon());
    assert!(matches!(wrong, Err(Error::DoesNotCover { .. })), "{wrong:?}");
    let unknown = opened.attach("other", Cursor::new(b""), noon());
    assert!(matches!(unknown, Err(Error::NoSuchDataFile { .. })));
    opened.attach(FILES[1].0, Cursor::new(FILES[1].2), noon()).unwrap();
    assert!(matches!(opened.to_bytes(), Err(Error::Hashcodes { .. })), "half of it is here");
    opened.attach(FILES[0].0, Cursor::new(FILES[0].2), noon()).unwrap();
    assert_eq!(opened.form(), Form::AsicE);
    let whole = Container::from_bytes(&opened.to_bytes().unwrap()).unwrap();
    assert!(is_valid(&whole));
    assert_eq!(whole.read_data_file(FILES[0].0).unwrap(), FILES[0].2);
    assert_eq!(whole.form(), Form::AsicE);
}

#[test]
fn a_whole_container_becomes_a_hashcode_container_and_back() {
    let whole = signed(Level::Lt);
    let hashcode = whole.to_hashcode(noon()).unwrap();
    assert_eq!(
        names(&hashcode.to_bytes().unwrap()),
        ["mimetype", "META-INF/manifest.xml", SHA256, SHA512, SIGNATURES]
    );
    let mut hashcode = Container::from_bytes(&hashcode.to_bytes().unwrap()).unwrap();
    assert!(is_valid(&hashcode));
    assert!(matches!(hashcode.to_hashcode(noon()), Err(Error::Hashcodes { .. })));
    for (name, _, content) in FILES {
        hashcode.attach(name, Cursor::new(content), noon()).unwrap();
    }
    let xml = |container: &Container| container.signature_files().unwrap();
    assert_eq!(xml(&hashcode), xml(&whole));
    assert!(is_valid(&hashcode));
}

#[test]
fn an_archive_time_stamp_needs_the_data() {
    let container = signed(Level::Lt).to_hashcode(noon()).unwrap();
    let (_, signature) = container.signatures().unwrap().remove(0);
    let needs = signature.needs(Level::Lta, &crate::make::authorities());
    let [countersign_container::Need::ArchiveTimeStamp { digest, input }] = &needs[..] else { panic!() };
    assert!(matches!(container.archive_imprint(input, *digest), Err(Error::DataNotHere { .. })));
    // One that has an archive time-stamp already is read, and is not validated as LTA without the data.
    let archived = signed(Level::Lta).to_hashcode(noon()).unwrap();
    let policy = |required_level| Policy { required_level, ..lt() };
    let now = noon() + seconds(3600);
    assert!(validate(&archived, &WORLD.anchors(), now, &policy(Level::Lt)).is_valid());
    assert!(!validate(&archived, &WORLD.anchors(), now, &policy(Level::Lta)).is_valid());
}

#[test]
fn other_digests_than_signed_are_refused() {
    let list = |content: &[u8]| {
        use base64::Engine as _;
        let entries = FILES.map(|(name, _, honest)| {
            let content = if name == FILES[1].0 { content } else { honest };
            let hash = base64::engine::general_purpose::STANDARD.encode(Digest::Sha256.of(content));
            format!("<file-entry full-path=\"{name}\" hash=\"{hash}\" size=\"{}\"/>", honest.len())
        });
        RawEntry::deflated(SHA256, format!("<hashcodes>{}</hashcodes>", entries.concat()).as_bytes())
    };
    let with = |entry: RawEntry| {
        let mut zip = Forgery::new().lt().zip();
        zip.entries.retain(|entry| FILES.iter().all(|(name, ..)| entry.name != name.as_bytes()));
        zip.entries.insert(2, entry);
        zip
    };
    assert!(is_valid(&Container::from_bytes(&with(list(FILES[1].2)).to_bytes()).unwrap()));
    let other = Container::from_bytes(&with(list(b"abc")).to_bytes()).unwrap();
    let report = validate(&other, &WORLD.anchors(), noon() + seconds(3600), &lt());
    assert_eq!(
        report.signatures[0].sub_indication,
        Some(countersign_container::SubIndication::HashFailure),
        "{report}"
    );
    let refused = |what: &str, zip: &RawZip| {
        let result = Container::from_bytes(&zip.to_bytes()).map(|_| ());
        assert!(
            matches!(result, Err(Error::Hashcodes { .. } | Error::Manifest { .. })),
            "{what}: {result:?}"
        );
    };
    let mut beside = with(list(FILES[1].2));
    beside.entries.insert(1, RawEntry::stored(FILES[1].0, FILES[1].2));
    refused("data beside the list", &beside);
    let mut disagree = with(list(FILES[1].2));
    disagree.entries.push(RawEntry::stored(SHA512, b"<hashcodes/>"));
    refused("lists that disagree", &disagree);
    refused("a list without the files", &with(RawEntry::stored(SHA256, b"<hashcodes/>")));
    refused("no list", &with(RawEntry::stored(SHA256, b"<other/>")));
}

fn time_stamped() -> Container {
    let mut container = Container::of_form(Form::AsicS);
    let name = FileName::parse("vana.ddoc").unwrap();
    container
        .add_data_file(name, "application/octet-stream", b"an older container", Method::Deflated, noon())
        .unwrap();
    let token = TimeStampToken::from_der(&TimeStampSpec::new(b"an older container", noon()).sign()).unwrap();
    container.add_time_stamp_token(&token, noon()).unwrap();
    container
}

#[test]
fn asic_s_holds_one_file_and_its_time_stamp() {
    let container = time_stamped();
    let bytes = container.to_bytes().unwrap();
    assert_eq!(names(&bytes), ["mimetype", "vana.ddoc", "META-INF/timestamp.tst"]);
    let mut opened = Container::from_bytes(&bytes).unwrap();
    assert_eq!(opened.form(), Form::AsicS);
    assert!(opened.remarks().is_empty());
    let token = TimeStampToken::from_der(&opened.time_stamp_token().unwrap().unwrap()).unwrap();
    assert_eq!(token.gen_time(), noon());
    assert_eq!(opened.read_data_file("vana.ddoc").unwrap(), b"an older container");
    let second = opened.add_time_stamp_token(&token, noon());
    assert!(matches!(second, Err(Error::AlreadySigned { .. })));
    let name = || FileName::parse("b").unwrap();
    let add = opened.add_data_file(name(), "a/b", b"", Method::Stored, noon());
    assert!(matches!(add, Err(Error::AlreadySigned { .. })));

    let mut empty = Container::of_form(Form::AsicS);
    assert!(matches!(empty.add_time_stamp_token(&token, noon()), Err(Error::NoDataFiles)));
    let folder = FileName::parse("a/b").unwrap();
    let add = empty.add_data_file(folder, "a/b", b"", Method::Stored, noon());
    assert!(matches!(add, Err(Error::NotAsicS { .. })));
    empty.add_data_file(name(), "a/b", b"", Method::Stored, noon()).unwrap();
    let add = empty.add_data_file(FileName::parse("c").unwrap(), "a/b", b"", Method::Stored, noon());
    assert!(matches!(add, Err(Error::NotAsicS { .. })), "a second file");
    assert!(matches!(empty.add_time_stamp_token(&token, noon()), Err(Error::WrongTimeStamp { .. })));
    assert!(matches!(unsigned().add_time_stamp_token(&token, noon()), Err(Error::NotAsicS { .. })));
    let signature = sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, Level::B);
    assert!(matches!(empty.add_signature(&signature, noon()), Err(Error::NotAsicS { .. })));
}

#[test]
fn asic_s_with_a_signature_is_read() {
    let mut single = Container::new();
    let (name, media_type, content) = FILES[0];
    single
        .add_data_file(FileName::parse(name).unwrap(), media_type, content, Method::Stored, noon())
        .unwrap();
    let signature = sign(&single, &WORLD.signer, &WORLD.signer_key, Level::Lt);
    let zip = || {
        RawZip::new(vec![
            RawEntry::stored("mimetype", b"application/vnd.etsi.asic-s+zip"),
            RawEntry::deflated(name, content),
            RawEntry::deflated("META-INF/signatures.xml", signature.to_xml().as_bytes()),
        ])
    };
    let opened = Container::from_bytes(&zip().to_bytes()).unwrap();
    assert_eq!(opened.data_files()[0].media_type(), media_type, "as it was signed");
    assert!(is_valid(&opened));
    let changed = |change: &dyn Fn(&mut RawZip)| {
        let mut zip = zip();
        change(&mut zip);
        Container::from_bytes(&zip.to_bytes())
    };
    let refused = |what: &str, result: Result<Container, Error>| {
        let result = result.map(|_| ());
        assert!(matches!(result, Err(Error::NotAsicS { .. } | Error::Manifest { .. })), "{what}: {result:?}");
    };
    refused("two files", changed(&|zip| zip.entries.push(RawEntry::stored("b", b""))));
    refused("no file", changed(&|zip| drop(zip.entries.remove(1))));
    let token = TimeStampSpec::new(content, noon()).sign();
    refused("both", changed(&|zip| zip.entries.push(RawEntry::stored("META-INF/timestamp.tst", &token))));
    let lists = RawEntry::stored(SHA256, b"<hashcodes/>");
    refused("lists of digests", changed(&|zip| zip.entries.push(lists.clone())));
    let manifest = crate::archive::manifest_of(&[(name, media_type)]);
    let manifest = RawEntry::stored("META-INF/manifest.xml", &manifest);
    refused("a manifest of ASiC-E", changed(&|zip| zip.entries.push(manifest.clone())));
    let other = changed(&|zip| zip.entries[1] = RawEntry::stored(name, b"changed")).unwrap();
    assert!(!is_valid(&other));
}
