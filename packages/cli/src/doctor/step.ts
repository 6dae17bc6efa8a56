/** One look of the doctor. */

/** What came of it. */
export interface StepResult {
  readonly step:
    | 'url'
    | 'name'
    | 'port'
    | 'tls'
    | 'protocol'
    | 'login'
    | 'vhost'
    | 'version'
    | 'limits'
    | 'rights'
    | 'clock';
  /** `failed` ends the examination. */
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was seen, and what to do where something is wrong. */
  readonly text: string;
  /** The error behind a failure; it has the exit code. */
  readonly error?: unknown;
}

/** The parts of the URL that the doctor looks at by himself. */
export interface Address {
  readonly tls: boolean;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly user: string;
}
