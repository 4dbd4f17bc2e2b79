# What validation and test pictures pass, at 512 × 512 pixels, with the statistics of ISIC 2017's segmentation set.
SequentialAugmentationContainer
  AugResizeDim dims=(512,512) interp="cubic" gt_interp="nearest"
  AugToFloat32 divisor=255 divisor_gt=255
  AugNormalize mean=(0.67501814, 0.5663187, 0.52339128) std=(0.11092593, 0.10669603, 0.119005)
end
