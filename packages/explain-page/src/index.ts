/**
 * A page that explains who makes a request and what they may do, for operators.
 *
 * @module
 */
export { type ExplainPage, explainPage } from './explain-page.ts'
export type { ExplainPageOptions, OfferedUser, PreparedRequest } from './options.ts'
