/** A message's id at WeChat: 64 bits, so at most 20 digits, as text. Whatever is longer is none. */
export const MESSAGE_ID = /^[1-9]\d{0,19}$/;
