/**
 * Spans and metrics through `@opentelemetry/api`.
 *
 * @module
 */
export { openTelemetry } from './opentelemetry/open-telemetry.ts'
