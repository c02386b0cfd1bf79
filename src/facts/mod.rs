//! What is true at each instruction, computed once and read by rules.

/// Facts of a file.
#[derive(Debug)]
pub struct FileFacts<'a> {
    /// The file.
    pub dockerfile: &'a crate::dockerfile::Dockerfile,
}
/// Facts of a stage.
#[derive(Debug)]
pub struct StageFacts<'a> {
    /// FROM.
    pub from: &'a crate::dockerfile::Instruction,
}
/// Facts of an instruction.
#[derive(Debug)]
pub struct InstructionFacts<'a> {
    /// The instruction.
    pub instruction: &'a crate::dockerfile::Instruction,
}
