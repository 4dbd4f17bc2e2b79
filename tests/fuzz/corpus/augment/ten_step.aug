SequentialAugmentationContainer
  AugResizeDim dims=(512,512) interp="cubic" gt_interp="nearest"
  AugMirror p=0.5
  AugFlip p=0.5
  AugRotate angle=[-180, 180]
  AugAdditivePoissonNoise lambda=[0, 10]
  AugGammaContrast gamma=[0.5, 1.5]
  AugGaussianBlur sigma=[0, 0.8]
  AugCoarseDropout p=[0, 0.03] drop_size=[0.02, 0.05] per_channel=0.25
  AugToFloat32 divisor=255 divisor_gt=255
  AugNormalize mean=(0.6681, 0.5301, 0.5247) std=(0.1337, 0.1480, 0.1595)
end
