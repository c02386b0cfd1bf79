//! yum.

use super::{Manager, Tool, dnf};

pub(super) static TOOL: Tool = dnf::tool(Manager::Yum);
