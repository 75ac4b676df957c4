import {
  FILE_PROBLEMS,
  type FileProblem,
  RECORD_PARTS,
  type RecordPartName,
  RECORD_PROBLEMS,
  type RecordProblem,
} from '../../../src-main/contract/told.ts'

/** What the host says in codes: the English words are the host's own, which needs them for its logs and for the command line. */
export const told = {
  recordProblems: RECORD_PROBLEMS as Readonly<Record<RecordProblem, string>>,
  recordParts: RECORD_PARTS as Readonly<Record<RecordPartName, string>>,
  fileProblems: FILE_PROBLEMS as Readonly<Record<FileProblem, string>>,
}
