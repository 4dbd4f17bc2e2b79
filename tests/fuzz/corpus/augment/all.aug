SequentialAugmentationContainer
AugResizeScale scale=(0.5, 2) interp="lanczos4" gt_interp="area"
AugTranspose p=0
AugRotate angle=[-5, 5] center=(3, 4.5) scale=1.25 interp="nearest" gt_interp="linear"
AugCenterCrop
AugGridDistortion num_steps=[3, 5] distort_limit=[-0.25, 0.25] border_type="reflect" border_value=3
AugOpticalDistortion distort_limit=[-0.5, 0.5] shift_limit=[-2, 2]
AugAdditiveLaplaceNoise std_dev=[0, 12.75]
AugSaltAndPepper p=[0, 0.1] per_channel=0.5
AugDivBy255
AugScaleTo new_min=-1 new_max=1
AugScaleFromTo old_min=0 old_max=200 new_min=10 new_max=20
end
