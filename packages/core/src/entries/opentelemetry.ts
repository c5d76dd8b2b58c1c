/**
 * Spans and metrics through `@opentelemetry/api`.
 *
 * @module
 */
export { openTelemetry } from '../metrics/opentelemetry/open-telemetry.ts'
