//! What is seen of a signature on a page.

use super::pdf::{Dictionary, Id, Object, Update, View};
use crate::error::{Error, Result};

/// A visible signature: where, and what.
#[derive(Debug, Clone, PartialEq)]
pub struct Appearance {
    /// The page, counted from 1; negative ones count from the last page, −1.
    pub page: i32,
    /// Left, bottom, width and height in points, as the page is seen. The bottom left corner is 0, 0.
    pub rectangle: [f64; 4],
    /// Lines of text.
    pub lines: Vec<String>,
}

impl Appearance {
    pub(super) fn page_index(&self, view: &View<'_, '_>) -> Result<usize> {
        let count = view.pages()?.len();
        let index = if self.page > 0 {
            usize::try_from(self.page - 1).ok()
        } else {
            usize::try_from(-i64::from(self.page)).ok().filter(|back| *back > 0).and_then(|back| count.checked_sub(back))
        };
        index.filter(|index| *index < count).ok_or_else(|| Error::Appearance {
            problem: format!("there is no page {}; the document has {count}", self.page),
        })
    }

    pub(super) fn place(&self, _update: &mut Update<'_, '_>, _page: Id, _field: &mut Dictionary) -> Result<()> {
        let _ = Object::Null;
        Err(Error::Appearance { problem: "not yet".to_owned() })
    }

    pub(super) fn draw(&self, _update: &mut Update<'_, '_>, _width: f64, _height: f64, _rotation: i64) -> Result<Id> {
        Err(Error::Appearance { problem: "not yet".to_owned() })
    }
}
