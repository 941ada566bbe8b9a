//! What a person enters on our own pages: a form of `application/x-www-form-urlencoded` [URL standard, 5.1].

use std::fmt;

use zeroize::Zeroizing;

use crate::Error;

/// Fields of one form. Ours have six at most.
const FIELDS: usize = 16;

/// The fields of a form. Zeroized on drop; no `Debug` of its values: there are passwords and codes among them.
pub struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// Reads a form. Names come once each, so that nobody reads another field than the page has shown.
    /// Error: [`Error::Malformed`], which names no field.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed { name: "form", expected: "at most 16 fields, each of them once" };
        let mut fields: Vec<(String, Zeroizing<String>)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if fields.len() == FIELDS || fields.iter().any(|(known, _)| *known == name) {
                return Err(malformed);
            }
            fields.push((name.into_owned(), Zeroizing::new(value.into_owned())));
        }
        Ok(Self(fields))
    }

    /// What was entered; nothing where the field was left empty or is not there.
    pub fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_read_by_their_name() {
        let form = Form::read(b"password=a+b%26c%C3%B5&code=123456&empty=&%6eame=x").unwrap();
        assert_eq!((form.field("password"), form.field("code")), ("a b&c\u{f5}", "123456"));
        assert_eq!((form.field("empty"), form.field("absent"), form.field("name")), ("", "", "x"));
        assert_eq!(format!("{form:?}"), "Form(…)");
    }

    #[test]
    fn a_field_comes_once_and_there_are_few() {
        for wrong in ["a=1&a=2", "a=1&%61=1", "a&a"] {
            assert!(Form::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let many = |count: usize| (0..count).map(|each| format!("f{each}=x&")).collect::<String>();
        assert!(Form::read(many(16).as_bytes()).is_ok());
        assert!(Form::read(many(17).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(form) = Form::read(&body) {
                for (name, value) in url::form_urlencoded::parse(&body) {
                    prop_assert_eq!(form.field(&name), &*value);
                }
            }
        }
    }
}
