//! `interactions`: what the person is shown (3.1).
//!
//! Base64 of a minified JSON array of `{"type": …, "displayText60" or "displayText200": …}`. The order is the
//! relying party's preference; the device takes the first type that it supports.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};

use super::json::Json;
use crate::Error;
use crate::base64::{b64, from_b64};
use crate::words::{InteractionType, Word};

/// The longest `interactions` text, in characters. None is published; our choice.
pub const INTERACTIONS_MAX: usize = 8192;

/// The most elements, known or not. None is published; our choice.
const ELEMENTS_MAX: usize = 16;

/// One way of asking the person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Interaction {
    /// The kind of screen.
    pub kind: InteractionType,
    /// The text on it, within the limit of its kind.
    pub text: String,
}

/// The interactions that a flow permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InteractionSet {
    /// Device links, and linked signatures: no code is compared, so none is chosen.
    DeviceLink,
    /// Notifications: all three.
    Notification,
}

impl InteractionSet {
    /// Whether this kind may be used.
    pub const fn permits(self, kind: InteractionType) -> bool {
        match (self, kind) {
            (_, InteractionType::DisplayTextAndPin | InteractionType::ConfirmationMessage) => true,
            (set, InteractionType::ConfirmationMessageAndVerificationCodeChoice) => {
                matches!(set, InteractionSet::Notification)
            }
        }
    }
}

/// The interactions of a request: the text as sent, and what it says. Never empty.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Interactions {
    text: String,
    list: Vec<Interaction>,
}

impl Interactions {
    /// Writes a list as clients do. Error: [`Error::Malformed`] when it breaks a rule of `set`.
    pub fn new(list: &[Interaction], set: InteractionSet) -> Result<Self, Error> {
        let elements = list.iter().map(|interaction| {
            let mut members = Map::new();
            members.insert("type".to_owned(), json!(interaction.kind));
            members.insert(interaction.kind.text_member().to_owned(), json!(interaction.text));
            Value::Object(members)
        });
        let array = Value::Array(elements.collect()).to_string();
        Self::parse(&b64(array.as_bytes()), set)
    }

    /// Reads the text of a request. Error: [`Error::Malformed`].
    ///
    /// Kinds that we do not know are passed over if one that we know is there: new kinds come with fallbacks.
    pub fn parse(text: &str, set: InteractionSet) -> Result<Self, Error> {
        let wrong = |expected| Error::Malformed { name: "interactions", expected };
        if text.len() > INTERACTIONS_MAX {
            return Err(wrong("at most 8192 characters"));
        }
        let bytes = from_b64(text).ok_or(wrong("Base64 with padding"))?;
        let array = Json::parse(&bytes, INTERACTIONS_MAX).map_err(|_| wrong("Base64 of a JSON array"))?;
        if !array.repeated().is_empty() {
            return Err(wrong("each member once in its object"));
        }
        let Json::Array(elements) = array else { return Err(wrong("Base64 of a JSON array")) };
        if elements.is_empty() || elements.len() > ELEMENTS_MAX {
            return Err(wrong("1 to 16 interactions"));
        }
        let mut list: Vec<Interaction> = Vec::new();
        for element in &elements {
            let Some(interaction) = read_element(element).map_err(wrong)? else { continue };
            if !set.permits(interaction.kind) {
                return Err(wrong("only interaction types that this flow permits"));
            }
            if list.iter().any(|earlier| earlier.kind == interaction.kind) {
                return Err(wrong("each interaction type at most once"));
            }
            list.push(interaction);
        }
        if list.is_empty() {
            return Err(wrong("at least one known interaction type"));
        }
        Ok(Self { text: text.to_owned(), list })
    }

    /// The text as sent: this is what is hashed and authenticated.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The known interactions in the relying party's order. At least one.
    pub fn list(&self) -> &[Interaction] {
        &self.list
    }

    /// The one that a device takes: the first whose kind it supports.
    pub fn first_supported(&self, supported: impl Fn(InteractionType) -> bool) -> Option<&Interaction> {
        self.list.iter().find(|interaction| supported(interaction.kind))
    }

    /// Whether this kind is among them.
    pub fn offers(&self, kind: InteractionType) -> bool {
        self.list.iter().any(|interaction| interaction.kind == kind)
    }
}

/// The kinds only: texts may name people and what they buy.
impl fmt::Debug for Interactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list.iter().map(|interaction| interaction.kind)).finish()
    }
}

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.kind)
    }
}

impl Serialize for Interactions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Reads back what was accepted once, under the wider of the two sets.
impl<'de> Deserialize<'de> for Interactions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, InteractionSet::Notification).map_err(de::Error::custom)
    }
}

/// One element; `None` if its type is a word that we do not know.
fn read_element(element: &Json) -> Result<Option<Interaction>, &'static str> {
    let Json::Object(_) = element else { return Err("an array of objects") };
    let Some(Json::String(kind)) = element.member("type") else { return Err("a type in each interaction") };
    let Some(kind) = InteractionType::find(kind) else { return Ok(None) };
    if element.member("displayText60").is_some() && element.member("displayText200").is_some() {
        return Err("one of displayText60 and displayText200, not both");
    }
    let (missing, too_long) = match kind.text_limit() {
        60 => ("a non-empty displayText60 with this type", "a displayText60 of at most 60 characters"),
        _ => ("a non-empty displayText200 with this type", "a displayText200 of at most 200 characters"),
    };
    match element.member(kind.text_member()) {
        Some(Json::String(text)) if text.is_empty() => Err(missing),
        // Code points: clients count UTF-16 units, characters or octets, and this admits what each of them does.
        Some(Json::String(text)) if text.chars().count() > kind.text_limit() => Err(too_long),
        Some(Json::String(text)) => Ok(Some(Interaction { kind, text: text.clone() })),
        Some(Json::Null | Json::Bool(_) | Json::Number | Json::Array(_) | Json::Object(_)) | None => {
            Err(missing)
        }
    }
}
