//! microdnf of minimal images.

use super::{Manager, Tool, dnf};

pub(super) static TOOL: Tool = dnf::tool(Manager::Microdnf);
