// SPDX-License-Identifier: Apache-2.0
//
// A number of its own for each channel times the value of the element, plus another one: factor * value + offset, in two's
// complement of OutBits (which must hold it). How an element stands for its value, see bitloom_decode; ValueBits must hold
// that in two's complement.
//
// The factors and offsets of word w of the channels are word w of the memory: for each lane FactorBits, and OutBits above them.
//
// Throughput: a word a cycle. Latency: 2 cycles. Ready goes through gates from the output to the input.
// Clock: a product of ValueBits and FactorBits (a DSP block, if the synthesis tool likes) and a carry chain of OutBits.
`default_nettype none

module bitloom_scale #(
  parameter int Channels = 8,
  parameter int Lanes = 2,
  parameter int Bits = 2,
  parameter int Plain = 0,
  parameter logic [32*Bits-1:0] Coefs = {Bits{32'd1}},
  parameter int Bias = 0,
  parameter int ValueBits = 8,
  parameter int FactorBits = 8,
  parameter int OutBits = 16,
  parameter File = "",
  parameter Style = "auto"
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [Lanes*Bits-1:0]    in_data_i,
  input  logic                     in_valid_i,
  output logic                     in_ready_o,
  output logic [Lanes*OutBits-1:0] out_data_o,
  output logic                     out_valid_o,
  input  logic                     out_ready_i
);
  if (Lanes < 1 || Channels % Lanes != 0) $error("bitloom_scale: Lanes must divide Channels");
  if (ValueBits < 1 || FactorBits < 1) $error("bitloom_scale: ValueBits and FactorBits must be at least 1");
  if (OutBits < ValueBits || OutBits < FactorBits)
    $error("bitloom_scale: OutBits must be at least ValueBits and FactorBits");

  localparam int Words = Channels / Lanes;
  localparam int RowBits = FactorBits + OutBits;

  logic take;
  logic [Lanes*Bits-1:0] data;
  logic [Lanes*RowBits-1:0] rows;
  bitloom_rows #(.Width(Lanes * Bits), .Words(Words), .RowWidth(Lanes * RowBits), .File(File), .Style(Style)) u_rows (
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

  logic [Lanes*OutBits-1:0] scaled;
  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    logic [ValueBits-1:0] value;
    bitloom_decode #(.Bits(Bits), .Plain(Plain), .Coefs(Coefs), .Bias(Bias), .OutBits(ValueBits)) u_decode (
      .code_i (data[i*Bits+:Bits]),
      .value_o(value)
    );
    logic signed [OutBits-1:0] product;
    assign product = OutBits'($signed(value)) * OutBits'($signed(rows[i*RowBits+:FactorBits]));
    assign scaled[i*OutBits+:OutBits] = product + rows[i*RowBits+FactorBits+:OutBits];
  end
  always_ff @(posedge clk_i) if (take) out_data_o <= scaled;
endmodule

`default_nettype wire
