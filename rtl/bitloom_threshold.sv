// SPDX-License-Identifier: Apache-2.0
//
// Thresholds of a tensor of integers that no matrix-vector unit produced (after an addition, a pool, at the input).
//
// The thresholds of word w of the channels are word w of the memory, Lanes rows of HasDescending + Levels*AccBits bits (see
// bitloom_levels); with Rows = 1 all channels share one row, and the memory is a single row. AccBits, the width of a
// threshold, must hold any input and be able to say "never": more than that of an unsigned input.
//
// Throughput: a word a cycle. Latency: 2 cycles. Ready goes through gates from the output to the input.
// Clock: a carry chain of AccBits and, for many levels, the count of ones.
`default_nettype none

module bitloom_threshold #(
  parameter int Channels = 8,
  parameter int Lanes = 8,
  parameter int InBits = 8,
  parameter int Signed = 1,
  parameter int AccBits = InBits + 1,
  parameter int Levels = 1,
  parameter int OutBits = 1,
  parameter int HasDescending = 0,
  parameter logic [(Levels+1)*OutBits-1:0] Codes = '0,
  parameter int Rows = Channels,  // Channels, or 1
  parameter ThresholdFile = "",
  parameter ThresholdStyle = "auto"
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [Lanes*InBits-1:0]  in_data_i,
  input  logic                     in_valid_i,
  output logic                     in_ready_o,
  output logic [Lanes*OutBits-1:0] out_data_o,
  output logic                     out_valid_o,
  input  logic                     out_ready_i
);
  if (Lanes < 1 || Channels % Lanes != 0) $error("bitloom_threshold: Lanes must divide Channels");
  if (Rows != 1 && Rows != Channels) $error("bitloom_threshold: Rows is 1 or Channels");
  if (Levels < 1) $error("bitloom_threshold: Levels must be at least 1");
  if (AccBits < InBits + 1 - Signed) $error("bitloom_threshold: AccBits must hold every input as a signed number");

  localparam int Words = (Rows == 1) ? 1 : Channels / Lanes;
  localparam int RowBits = HasDescending + Levels * AccBits;
  localparam int MemoryRows = (Rows == 1) ? 1 : Lanes;

  logic take;
  logic [Lanes*InBits-1:0] data;
  logic [MemoryRows*RowBits-1:0] rows;
  bitloom_rows #(.Width(Lanes * InBits), .Words(Words), .RowWidth(MemoryRows * RowBits), .File(ThresholdFile), .Style(ThresholdStyle)) u_rows (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .in_data_i  (in_data_i),
    .in_valid_i (in_valid_i),
    .in_ready_o (in_ready_o),
    .data_o     (data),
    .rows_o     (rows),
    .take_o     (take),
    .out_valid_o(out_valid_o),
    .out_ready_i(out_ready_i)
  );

  logic [Lanes*OutBits-1:0] codes;
  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    localparam int Row = (Rows == 1) ? 0 : i;
    logic [AccBits-1:0] acc;
    if (Signed != 0) assign acc = AccBits'($signed(data[i*InBits+:InBits]));
    else assign acc = AccBits'(data[i*InBits+:InBits]);
    bitloom_levels #(
      .AccBits(AccBits), .Levels(Levels), .OutBits(OutBits), .HasDescending(HasDescending), .Codes(Codes)
    ) u_levels (
      .acc_i (acc),
      .row_i (rows[Row*RowBits+:RowBits]),
      .code_o(codes[i*OutBits+:OutBits])
    );
  end
  always_ff @(posedge clk_i) if (take) out_data_o <= codes;
endmodule

`default_nettype wire
