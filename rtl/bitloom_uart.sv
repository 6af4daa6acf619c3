// SPDX-License-Identifier: Apache-2.0
//
// A serial line (8 data bits, no parity, a stop bit) as two streams of bytes: how a board without a host processor talks.
//
// Divider: clock cycles a bit. A byte that arrives while the one before it still waits is lost, and overrun_o stays high from
// then on: the line has no way to ask the other side to wait. A break (the line low for two bytes' time) raises break_o while it
// lasts: what the other side sends when it lost count.
// Throughput: 10 * Divider cycles a byte in either direction. Clock: counters of the bits of Divider.
`default_nettype none

module bitloom_uart #(
  parameter int Divider = 48
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rx_i,
  output logic       tx_o,
  output logic       overrun_o,
  output logic       break_o,
  output logic [7:0] in_data_o,  // from the line
  output logic       in_valid_o,
  input  logic       in_ready_i,
  input  logic [7:0] out_data_i,  // onto the line
  input  logic       out_valid_i,
  output logic       out_ready_o
);
  if (Divider < 4) $error("bitloom_uart: Divider must be at least 4, or no sample would lie inside of a bit");

  localparam int CountBits = $clog2(Divider);
  localparam logic [CountBits-1:0] Last = CountBits'(Divider - 1);

  // Receiver: half a bit after the edge of the start bit, and then once a bit. `left` counts start, data and stop bit down.
  logic [2:0] line_q;  // two registers against metastability, one to see edges
  logic [CountBits-1:0] rx_count_q;
  logic [3:0] rx_left_q;
  logic [7:0] rx_bits_q;
  logic rx_sample, rx_done;
  assign rx_sample = (rx_left_q != '0) && (rx_count_q == '0);
  assign rx_done = rx_sample && (rx_left_q == 4'd1) && line_q[1];  // without a stop bit it was no byte
  always_ff @(posedge clk_i) begin
    line_q <= {line_q[1:0], rx_i};
    if (!rst_ni) rx_left_q <= '0;
    else if (rx_left_q == '0) begin
      if (line_q[2] && !line_q[1]) rx_left_q <= 4'd10;
    end else if (rx_sample) rx_left_q <= (rx_left_q == 4'd10 && line_q[1]) ? '0 : rx_left_q - 1'b1;
    if (rx_left_q == '0) rx_count_q <= CountBits'(Divider / 2 - 1);
    else rx_count_q <= (rx_count_q == '0) ? Last : rx_count_q - 1'b1;
    if (rx_sample && rx_left_q > 4'd1) rx_bits_q <= {line_q[1], rx_bits_q[7:1]};
    if (rx_done && !(in_valid_o && !in_ready_i)) in_data_o <= rx_bits_q;
    if (!rst_ni) in_valid_o <= 1'b0;
    else if (rx_done) in_valid_o <= 1'b1;
    else if (in_ready_i) in_valid_o <= 1'b0;
    if (!rst_ni) overrun_o <= 1'b0;
    else if (rx_done && in_valid_o && !in_ready_i) overrun_o <= 1'b1;
  end

  localparam int BreakBits = $clog2(20 * Divider + 1);
  logic [BreakBits-1:0] low_q;
  assign break_o = (low_q == BreakBits'(20 * Divider));
  always_ff @(posedge clk_i) begin
    if (line_q[1]) low_q <= '0;
    else if (!break_o) low_q <= low_q + 1'b1;
  end

  // Transmitter: the bits from the lowest on, ones behind them, so that the line rests high.
  logic [8:0] tx_bits_q;
  logic [CountBits-1:0] tx_count_q;
  logic [3:0] tx_left_q;
  assign out_ready_o = (tx_left_q == '0);
  assign tx_o = tx_bits_q[0];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tx_left_q <= '0;
      tx_bits_q <= '1;
    end else if (tx_left_q == '0) begin
      if (out_valid_i) begin
        tx_bits_q <= {out_data_i, 1'b0};
        tx_left_q <= 4'd10;
      end
    end else if (tx_count_q == '0) begin
      tx_bits_q <= {1'b1, tx_bits_q[8:1]};
      tx_left_q <= tx_left_q - 1'b1;
    end
    if (tx_left_q == '0) tx_count_q <= Last;
    else tx_count_q <= (tx_count_q == '0) ? Last : tx_count_q - 1'b1;
  end
endmodule

`default_nettype wire
