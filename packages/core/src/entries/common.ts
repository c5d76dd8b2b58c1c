/**
 * How Node verifies signatures of tokens. On Node without a bundler, `#jws` in `imports` of package.json stands for this file, which nearly every app that has
 * tokens with signatures reads anyway.
 *
 * @module
 */
export { isSignedWith } from '../token/jwt/signature/native.ts'
