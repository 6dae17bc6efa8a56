/** RabbitMQ: the name for direct replies, and the prefix of each address. docs/direct-reply-to. */
export const replyTo = 'amq.rabbitmq.reply-to';
