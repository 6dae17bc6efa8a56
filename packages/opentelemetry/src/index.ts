/** The exports of `@puka/opentelemetry`. Holds no code. */
export { type OpenTelemetryOptions, openTelemetry } from './open-telemetry.ts';
