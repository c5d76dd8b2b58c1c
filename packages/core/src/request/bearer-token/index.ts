export { bearerToken, type TokenExtractionOptions } from './bearer-token.ts'
