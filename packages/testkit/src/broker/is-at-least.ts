// Compares versions of RabbitMQ, for tests of what it changed.

/** Whether a version such as `4.3.6` or `4.1.0-rc.1` is that of the release named, `4.1`, or a later one. */
export function isAtLeast(version: string, release: `${number}.${number}`): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = release.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
