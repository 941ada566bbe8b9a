mod claiming;
mod confirming;
mod linking;
mod machine;
mod refusing;
mod showing;
mod starting;
