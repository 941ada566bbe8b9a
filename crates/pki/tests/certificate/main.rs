//! Certificates as a whole: issued by profile, read back, put into paths, shown to other programs.

mod broken;
mod issued;
mod other_programs;
mod paths;
mod properties;
mod read;
mod signatures;
mod world;
