/**
 * Counts messages as they come.
 *
 * @param subscribe subscribes, and calls `onMessage` for each message.
 * @returns resolves when `count` messages have come; rejects when subscribing has failed.
 */
export function untilReceived(count: number, subscribe: (onMessage: () => void) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = count;
    const onMessage = (): void => {
      if (--left === 0) resolve();
    };
    subscribe(onMessage).catch(reject);
  });
}
