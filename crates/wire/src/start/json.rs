//! JSON from strangers: bounded in size and depth, with repeated members kept so that they can be refused.
//!
//! `serde_json::Value` keeps the last of two equal members; other parsers keep the first. A request that two
//! programs read differently is one that a proxy can check and the server then misunderstand.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// The deepest nesting; requests need four levels.
const DEPTH_MAX: usize = 8;

/// The most repeated members that are reported.
const REPEATED_MAX: usize = 16;

/// A JSON value. Numbers are not kept: no request has any.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number,
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole text of at most `max` octets. The error says what is wrong, without quoting the text.
    pub(super) fn parse(text: &[u8], max: usize) -> Result<Self, String> {
        if text.len() > max {
            return Err(format!("longer than {max} octets"));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        AtDepth(0)
            .deserialize(&mut deserializer)
            .and_then(|value| deserializer.end().map(|()| value))
            .map_err(|error| match error.classify() {
                // The only data errors are those that `AtDepth` makes itself.
                serde_json::error::Category::Data => format!("nested deeper than {DEPTH_MAX} levels"),
                serde_json::error::Category::Syntax
                | serde_json::error::Category::Eof
                | serde_json::error::Category::Io => {
                    format!("not JSON: line {}, column {}", error.line(), error.column())
                }
            })
    }

    /// A member of an object; `null` counts as absent, since several serializers write it so.
    pub(super) fn member(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members
                .iter()
                .find(|(each, _)| each == name)
                .map(|(_, value)| value)
                .filter(|value| **value != Json::Null),
            Json::Null | Json::Bool(_) | Json::Number | Json::String(_) | Json::Array(_) => None,
        }
    }

    /// The pointers and names of members that stand twice in their object, anywhere.
    pub(super) fn repeated(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.collect_repeated("", &mut found);
        found.truncate(REPEATED_MAX);
        found
    }

    fn collect_repeated(&self, pointer: &str, found: &mut Vec<(String, String)>) {
        match self {
            Json::Null | Json::Bool(_) | Json::Number | Json::String(_) => {}
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect_repeated(&format!("{pointer}/{index}"), found);
                }
            }
            Json::Object(members) => {
                let mut seen = HashSet::new();
                for (name, value) in members {
                    let here = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                    if !seen.insert(name) && found.len() < REPEATED_MAX {
                        found.push((here.clone(), name.clone()));
                    }
                    value.collect_repeated(&here, found);
                }
            }
        }
    }
}

struct AtDepth(usize);

impl<'de> DeserializeSeed<'de> for AtDepth {
    type Value = Json;
    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl AtDepth {
    fn deeper<E: de::Error>(&self) -> Result<AtDepth, E> {
        if self.0 < DEPTH_MAX { Ok(AtDepth(self.0 + 1)) } else { Err(E::custom("too deep")) }
    }
}

impl<'de> Visitor<'de> for AtDepth {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.deeper()?)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            members.push((name, access.next_value_seed(self.deeper()?)?));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(nested(DEPTH_MAX).as_bytes(), 1000).is_ok());
        let error = Json::parse(nested(DEPTH_MAX + 2).as_bytes(), 1000).unwrap_err();
        assert!(error.contains("deeper"), "{error}");
        assert!(Json::parse(nested(100_000).as_bytes(), 1_000_000).is_err());
    }

    #[test]
    fn size_is_bounded() {
        assert!(Json::parse(b"\"aa\"", 4).is_ok());
        assert!(Json::parse(b"\"aaa\"", 4).is_err());
    }

    #[test]
    fn text_after_the_value_is_refused() {
        for wrong in ["{} {}", "{}x", "", "{", "\u{feff}{}", "{\"a\":\"\\ud800\"}"] {
            assert!(Json::parse(wrong.as_bytes(), 1000).is_err(), "{wrong}");
        }
        assert!(Json::parse(b"{\"a\":\"\xff\"}", 1000).is_err());
        assert!(Json::parse(b" {} \r\n", 1000).is_ok());
    }

    #[test]
    fn repeated_members_are_found_wherever_they_stand() {
        let json = Json::parse(br#"{"a":1,"b":[{"c/d":1,"c/d":2}],"\u0061":2}"#, 1000).unwrap();
        let found = json.repeated();
        assert_eq!(found, [("/b/0/c~1d".into(), "c/d".into()), ("/a".into(), "a".into())]);
        let many = format!("{{{}\"a\":0}}", "\"a\":0,".repeat(100));
        assert_eq!(Json::parse(many.as_bytes(), 10_000).unwrap().repeated().len(), REPEATED_MAX);
    }
}
