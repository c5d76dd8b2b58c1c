import type { ErrorCode, YAMLError } from 'yaml'

/**
 * The message of a YAML syntax error, with its position. The parser's own messages quote the input, which may contain a password, so only
 * their codes are used.
 *
 * @param linesBefore the number of lines before the parsed text.
 */
export function syntaxMessage({ code, linePos }: YAMLError, linesBefore = 0): string {
  const text = TEXTS[code]
  const [start] = linePos ?? []
  return start === undefined ? text : `${text} at line ${linesBefore + start.line}, column ${start.col}`
}

const TEXTS: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'An alias must not have an anchor or a tag',
  BAD_ALIAS: 'Malformed anchor or alias',
  BAD_COLLECTION_TYPE: 'A tag that does not match its collection',
  BAD_DIRECTIVE: 'Unknown or malformed directive',
  BAD_DQ_ESCAPE: 'Invalid escape sequence in double quotes',
  BAD_INDENT: 'Wrong indentation, or an unclosed bracket',
  BAD_PROP_ORDER: 'An anchor or a tag in the wrong place',
  BAD_SCALAR_START: 'A plain scalar cannot start like this',
  BLOCK_AS_IMPLICIT_KEY:
    'A collection cannot start on this line: check the indentation of this and the next line',
  BLOCK_IN_FLOW: 'A block collection in brackets',
  DUPLICATE_KEY: 'Map keys must be unique',
  IMPOSSIBLE: 'Malformed YAML',
  KEY_OVER_1024_CHARS: 'A key of more than 1024 characters',
  MISSING_CHAR: 'A missing comma, colon, space, quote or bracket',
  MULTILINE_IMPLICIT_KEY: 'A key must be on one line: check the indentation of this and the next line',
  MULTIPLE_ANCHORS: 'A node must have at most one anchor',
  MULTIPLE_DOCS: 'More than one document',
  MULTIPLE_TAGS: 'A node must have at most one tag',
  NON_STRING_KEY: 'All keys must be strings',
  RESOURCE_EXHAUSTION: 'Too much nesting',
  TAB_AS_INDENT: 'Tabs are not allowed as indentation',
  TAG_RESOLVE_FAILED: 'Unresolved tag, or a value that does not match its tag',
  UNEXPECTED_TOKEN: 'An unexpected character',
}
