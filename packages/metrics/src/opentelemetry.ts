/**
 * Spans and metrics through `@opentelemetry/api`.
 *
 * @module
 */
export { openTelemetry, type OpenTelemetryOptions } from './opentelemetry/open-telemetry.ts'
