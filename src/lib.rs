//! Tidewaiter reviews what a pull request does to a container image.
//!
//! Rooms, lowest first; imports go down this list only (a test asserts it):
//! [`text`] → [`config`] → [`dockerfile`] → [`shell`] → [`image`] → [`repository`] → [`facts`] →
//! [`rules`] → [`lint`] → [`review`] → [`github`] → [`report`] → [`cli`].

pub mod text;

pub mod config;

pub mod dockerfile;

pub mod shell;

pub mod image;

pub mod repository;

pub mod facts;

pub mod rules;

pub mod lint;

pub mod review;

pub mod github;

pub mod report;

pub mod cli;
