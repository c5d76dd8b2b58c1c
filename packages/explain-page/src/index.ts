/**
 * A page that explains who makes a request and what they may do, for operators.
 *
 * @module
 */
export { explainPage } from './explain-page.ts'
